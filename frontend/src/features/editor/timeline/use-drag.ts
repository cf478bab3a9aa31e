import { type PointerEvent as ReactPointerEvent, useCallback, useRef, useState } from "react";
import { type Clip, dragged, type Grip, type Times } from "@/core/timeline";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { useTimelineView } from "./view";

export interface Dragging {
  segment: string;
  lane: "source" | "dub";
  times: Times;
}

const SNAP_PX = 8;
const MOVED_PX = 3;

interface Start {
  clip: Clip;
  lane: "source" | "dub";
  grip: Grip;
}

/** Move and trim clips: the original and with it all languages, or the dub of the language at hand alone. */
export function useDrag(clips: Clip[]): {
  drag: Dragging | null;
  begin: (event: ReactPointerEvent, start: Start, onClick: () => void) => void;
  set: (start: Omit<Start, "grip">, times: Times) => void;
} {
  const { task, language, duration, transport } = useEditor();
  const { retime, setLine } = useEdits(task.task_id, language);
  const [drag, setDrag] = useState<Dragging | null>(null);
  const latest = useRef<Dragging | null>(null);
  const set = useCallback(
    ({ clip, lane }: Omit<Start, "grip">, times: Times) =>
      lane === "source" ? retime(clip.segment, { ...times }) : setLine(clip.segment, { ...times }),
    [retime, setLine],
  );
  const begin = useCallback(
    (event: ReactPointerEvent, { clip, lane, grip }: Start, onClick: () => void) => {
      const from = event.clientX;
      const times = lane === "source" ? clip.source : clip.slot;
      const edges = edgesFor(clips, clip, lane, transport.time);
      const move = (next: PointerEvent) => {
        const pixels = next.clientX - from;
        if (!latest.current && Math.abs(pixels) < MOVED_PX) return;
        const { perSecond } = useTimelineView.getState();
        const to = dragged(times, grip, pixels / perSecond, edges, SNAP_PX / perSecond, duration);
        latest.current = { segment: clip.segment, lane, times: to };
        setDrag(latest.current);
      };
      const end = (kept: boolean) => {
        const done = latest.current;
        latest.current = null;
        for (const [name, listener] of listeners) window.removeEventListener(name, listener as EventListener);
        if (!done && kept) onClick();
        if (!done || !kept) return setDrag(null);
        void Promise.resolve(set({ clip, lane }, done.times)).finally(() => setDrag(null));
      };
      const listeners = [
        ["pointermove", move],
        ["pointerup", () => end(true)],
        ["pointercancel", () => end(false)],
        ["keydown", (key: KeyboardEvent) => key.key === "Escape" && end(false)],
      ] as const;
      for (const [name, listener] of listeners) window.addEventListener(name, listener as EventListener);
    },
    [clips, duration, transport, set],
  );
  return { drag, begin, set };
}

/** Where a clip snaps to: its own original, its neighbours, and the playhead. */
function edgesFor(clips: Clip[], clip: Clip, lane: "source" | "dub", playhead: number): number[] {
  const at = clip.number - 1;
  const near = [clips[at - 1], clips[at + 1]].flatMap((other) => (other ? [other.slot.start_s, other.slot.end_s] : []));
  const own = lane === "dub" ? [clip.source.start_s, clip.source.end_s] : [];
  return [...near, ...own, playhead];
}
