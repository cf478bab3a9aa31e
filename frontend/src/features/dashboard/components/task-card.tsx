import { Play } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { TaskRead } from "@/api/generated";
import { EngineText } from "@/components/engine-text";
import { Badge } from "@/components/ui/badge";
import { cn } from "@/components/ui/cn";
import { Check } from "@/components/ui/fields";
import { ago, bytes, clock } from "@/core/format";
import { BASE, canRetry, canStart, finished, isBusy, shownStatus, taskTone, toApprove } from "@/core/progress";
import { later } from "@/components/ui/later";
import { useSelection } from "../state/selection";
import { LanguageBars } from "@/components/language-bars";
import { Asking } from "./asking";
import { Poster } from "./poster";
import { TaskMenu } from "./task-menu";

const Approving = later(() => import("./approving"));

const Tick = memo(
  Ticked,
  ({ task: old, className: was }, { task, className }) => old.task_id === task.task_id && was === className,
);

function Ticked({ task, className }: { task: TaskRead; className?: string }) {
  const { t } = useTranslation();
  const ticked = useSelection((state) => state.selected.has(task.task_id));
  const toggle = useSelection((state) => state.toggle);
  return (
    <Check
      hideLabel
      className={className ?? ""}
      label={t("dashboard.select", { name: task.video_original_name })}
      checked={ticked}
      onChange={() => toggle(task)}
    />
  );
}

function StatusBadge({ task }: { task: TaskRead }) {
  const { t } = useTranslation();
  const status = shownStatus(task);
  return <Badge look={taskTone(task)}>{t(`status.${status}`)}</Badge>;
}

/** A task in the grid. Memoized: a batch of events changes a few of hundreds. */
export const TaskCard = memo(function TaskCard({ task }: { task: TaskRead }) {
  const ticked = useSelection((state) => state.selected.has(task.task_id));
  return (
    <article
      data-task={task.task_id}
      data-status={task.status}
      className={cn(
        "panel group flex h-full flex-col overflow-hidden transition-shadow hover:shadow-card",
        ticked && "ring-accent ring-2",
      )}
    >
      <CardHead task={task} ticked={ticked} />
      <div className="flex min-h-0 flex-1 flex-col gap-2.5 px-3.5 pb-3.5">
        <TaskNote task={task} />
        <LanguageBars task={task} />
      </div>
    </article>
  );
});

const IN_HEAD: ((task: TaskRead) => unknown)[] = [
  shownStatus,
  canStart,
  canRetry,
  isBusy,
  (task) => task.video_original_name,
  (task) => task.media,
  (task) => finished(task)[0],
  (task) => task.language_status[BASE]?.status,
];

/** What is the same while a task makes progress. */
const CardHead = memo(
  Head,
  ({ task: old, ticked: was }, { task, ticked }) => was === ticked && IN_HEAD.every((read) => read(old) === read(task)),
);

function Head({ task, ticked }: { task: TaskRead; ticked: boolean }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const [dub] = task.nothing_to_dub ? [] : finished(task);
  return (
    <>
      <div className="relative">
        <Link to={`/tasks/${task.task_id}`} tabIndex={-1} aria-hidden>
          <Poster task={task} className="aspect-video" />
        </Link>
        {dub && (
          <button
            type="button"
            onClick={() => void navigate(`/tasks/${task.task_id}?language=${dub}`, { state: { play: true } })}
            aria-label={t("dashboard.play", { name: task.video_original_name })}
            className="bg-surface/90 text-accent hover:bg-surface absolute inset-0 m-auto grid size-11 place-items-center rounded-full shadow-sm"
          >
            <Play aria-hidden size={20} className="ml-0.5" />
          </button>
        )}
        <span
          className={cn(
            "bg-surface/90 absolute top-2 left-2 inline-flex rounded-md shadow-sm transition-opacity",
            !ticked && "opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 touch:opacity-100",
          )}
        >
          <Tick task={task} />
        </span>
        <span className="absolute top-2 right-2">
          <StatusBadge task={task} />
        </span>
      </div>
      <div className="flex items-start gap-1 px-3.5 pt-3.5 pb-2.5">
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold" title={task.video_original_name}>
            <Link to={`/tasks/${task.task_id}`} className="name-link">
              {task.video_original_name}
            </Link>
          </h2>
          <p className="text-soft text-xs">
            {ago(task.created_at, i18n.language)} · {bytes(task.video_size)}
          </p>
        </div>
        <TaskMenu task={task} />
      </div>
    </>
  );
}

function TaskNote({ task }: { task: TaskRead }) {
  if (task.waiting_for) return <Asking task={task} question={task.waiting_for} />;
  if (toApprove(task).length > 0) return <Approving task={task} />;
  const text = task.error_message ?? task.note;
  if (!text) return null;
  return (
    <p className={cn("line-clamp-2 text-xs", task.error_message ? "text-bad" : "text-soft")} title={text}>
      <EngineText code={task.error_message && task.error_code} text={text} />
    </p>
  );
}

function RowNote({ task }: { task: TaskRead }) {
  if (task.waiting_for || toApprove(task).length > 0 || task.error_message || task.nothing_to_dub)
    return <TaskNote task={task} />;
  return <LanguageBars task={task} />;
}

/** A task as a row of the list. */
export const TaskRow = memo(function TaskRow({ task }: { task: TaskRead }) {
  const { i18n } = useTranslation();
  return (
    <article
      data-task={task.task_id}
      data-status={task.status}
      className="hover:bg-sunken/60 grid h-full grid-cols-[auto_5.5rem_minmax(0,1fr)_auto] items-center gap-3 px-3.5 md:grid-cols-[auto_5.5rem_minmax(0,1.2fr)_minmax(0,1.3fr)_7rem_auto]"
    >
      <Tick task={task} />
      <Poster task={task} className="aspect-video rounded-md" />
      <div className="min-w-0">
        <h2 className="font-semibold">
          <Link to={`/tasks/${task.task_id}`} className="name-link">
            {task.video_original_name}
          </Link>
        </h2>
        <p className="text-soft truncate text-xs">
          {[ago(task.created_at, i18n.language), task.media && clock(task.media.duration_s), bytes(task.video_size)]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <span className="md:hidden">
          <StatusBadge task={task} />
        </span>
      </div>
      <div className="max-h-16 overflow-hidden max-md:hidden">
        <RowNote task={task} />
      </div>
      <span className="max-md:hidden">
        <StatusBadge task={task} />
      </span>
      <TaskMenu task={task} />
    </article>
  );
});
