import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { TaskRead } from "@/api/generated";
import type { TaskWindow } from "../state/use-task-window";
import type { View } from "../state/view";
import { TaskCard, TaskRow } from "./task-card";

const CARD_WIDTH = 272;
const GAP = 16;
const CARD_BODY = 146;
const ROW_HEIGHT = 84;

interface TaskListProps {
  view: View;
  total: number;
  hidden: ReadonlySet<string>;
  tasks: TaskWindow;
  onRange: (first: number, last: number) => void;
}

function useWidth(): [React.RefObject<HTMLDivElement | null>, number, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<[number, number]>([0, 0]);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = () => setSize([element.clientWidth, element.getBoundingClientRect().top + window.scrollY]);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body); // what stands above grows, too
    measure();
    return () => observer.disconnect();
  }, []);
  return [ref, ...size];
}

/** Any number of tasks: only the rows in view exist. */
export function TaskList({ view, total, hidden, tasks, onRange }: TaskListProps) {
  const [ref, width, top] = useWidth();
  const columns = view === "grid" ? Math.max(1, Math.floor((width + GAP) / (CARD_WIDTH + GAP))) : 1;
  const cardHeight = Math.round(((width - GAP * (columns - 1)) / columns) * (9 / 16)) + CARD_BODY;
  const virtual = useWindowVirtualizer({
    count: Math.ceil(total / columns),
    estimateSize: () => (view === "grid" ? cardHeight + GAP : ROW_HEIGHT),
    overscan: 3,
    scrollMargin: top,
  });
  useEffect(() => virtual.measure(), [virtual, cardHeight, view]);
  const rows = virtual.getVirtualItems();
  const first = (rows[0]?.index ?? 0) * columns;
  const last = Math.min(total, ((rows.at(-1)?.index ?? 0) + 1) * columns) - 1;
  useEffect(() => onRange(first, last), [onRange, first, last]);
  return (
    <div ref={ref} className={view === "list" ? "panel overflow-hidden" : ""}>
      <div role="list" className="relative" style={{ height: virtual.getTotalSize() }}>
        {width > 0 &&
          rows.map((row) => (
            <div
              key={row.key}
              ref={virtual.measureElement}
              data-index={row.index}
              className={
                view === "grid" ? "absolute inset-x-0 grid" : "border-line absolute inset-x-0 border-b last:border-0"
              }
              style={{
                ...(view === "grid" ? { paddingBottom: GAP } : { height: ROW_HEIGHT }),
                transform: `translateY(${row.start - top}px)`,
                ...(view === "grid" ? { gap: GAP, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` } : {}),
              }}
            >
              {Array.from(
                { length: Math.min(columns, total - row.index * columns) },
                (_, column) => row.index * columns + column,
              ).map((index) => (
                <Cell key={index} view={view} task={tasks.at(index)} hidden={hidden} />
              ))}
            </div>
          ))}
      </div>
    </div>
  );
}

function Cell({ view, task, hidden }: { view: View; task: TaskRead | undefined; hidden: ReadonlySet<string> }) {
  if (!task)
    return <div role="listitem" className={view === "grid" ? "skeleton h-80 rounded-xl" : "skeleton m-3 h-14"} />;
  const gone = hidden.has(task.task_id);
  return (
    <div
      role="listitem"
      className={gone ? "pointer-events-none h-full opacity-0" : "h-full min-w-0"}
      {...(gone ? { inert: true } : {})}
    >
      {view === "grid" ? <TaskCard task={task} /> : <TaskRow task={task} />}
    </div>
  );
}
