import { ArrowLeft, Ban, Download, Keyboard, type LucideIcon, Play, Redo2, RotateCw, TriangleAlert, Undo2 } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { languagesQuery } from "@/api/queries";
import { useTaskActions } from "@/api/task-actions";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { WaitText } from "@/components/wait-text";
import { IconButton } from "@/components/ui/icon-button";
import { languageName } from "@/core/format";
import { needing } from "@/core/needs";
import {
  BASE,
  canRetry,
  isBusy,
  languageTone,
  shownLanguage,
  shownStatus,
  targets,
  taskTone,
  toStart,
  unspoken,
} from "@/core/progress";
import { useEditor } from "../state/context";
import { useHistory } from "../state/history";
import { show } from "../state/view";

export function EditorHeader() {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const history = useHistory(task.task_id, language);
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2.5 sm:px-5">
      <div className="flex min-w-0 items-center gap-1.5 max-sm:min-w-44 max-sm:flex-1">
        <Link
          to={task.batch_id ? `/dashboard?batch=${task.batch_id}` : "/dashboard"}
          aria-label={t(task.batch_id ? "editor.back_to_batch" : "editor.back")}
          className="text-soft hover:bg-sunken hover:text-ink inline-flex size-9 shrink-0 items-center justify-center rounded-md"
        >
          <ArrowLeft aria-hidden size={17} />
        </Link>
        <h1 className="max-w-[22rem] truncate text-base font-semibold" title={task.video_original_name}>
          {task.video_original_name}
        </h1>
        {/* a phone's width is the name's: the buttons of the languages say how far each is */}
        <span data-testid="task-status" data-status={shownStatus(task)} className="max-sm:sr-only">
          <Badge look={taskTone(task)}>{t(`status.${shownStatus(task)}`)}</Badge>
        </span>
      </div>
      <LanguageTabs />
      <WorkWait />
      <div className="ml-auto flex flex-wrap items-center justify-end gap-1 max-sm:order-1">
        <IconButton
          icon={Undo2}
          label={t("editor.undo")}
          shortcut="Ctrl+Z"
          disabled={!history.canUndo}
          onClick={history.undo}
        />
        <IconButton
          icon={Redo2}
          label={t("editor.redo")}
          shortcut="Ctrl+Shift+Z"
          disabled={!history.canRedo}
          onClick={history.redo}
        />
        <IconButton
          icon={Keyboard}
          label={t("editor.shortcuts")}
          shortcut="?"
          onClick={() => show({ help: true })}
          className="max-sm:hidden"
        />
        <WorkButtons />
      </div>
    </header>
  );
}

/** What comes next for the task, as the chief button, and its export, which is the chief one once nothing else is left. */
function WorkButtons() {
  const { t } = useTranslation();
  const { task } = useEditor();
  const actions = useTaskActions();
  const next = useNext();
  const busy = isBusy(task) || Boolean(task.waiting_for);
  return (
    <>
      {busy && (
        <Button icon={Ban} onClick={() => void actions.cancel([task])}>
          {t("actions.cancel")}
        </Button>
      )}
      {!busy && next && (
        <Button look="primary" icon={next.icon} onClick={next.act}>
          {next.label}
        </Button>
      )}
      <Button look={busy || next ? "plain" : "primary"} icon={Download} onClick={() => show({ exporting: true })}>
        {t("editor.export")}
      </Button>
    </>
  );
}

/** What a person can have done with a task that is not worked on. */
function useNext(): { label: string; icon: LucideIcon; act: () => void } | null {
  const { t } = useTranslation();
  const { data: languages = [] } = useQuery(languagesQuery);
  const { task } = useEditor();
  const actions = useTaskActions();
  if (canRetry(task)) return { label: t("actions.retry"), icon: RotateCw, act: () => void actions.retry([task]) };
  const count = unspoken(task);
  if (count > 0)
    return { label: t("editor.dub_changed_export", { count }), icon: Play, act: () => void actions.dubChanged(task) };
  const open = toStart(task).filter((code) => !needing(task, languages).includes(code));
  if (open.length === 0) return null;
  const stale = open.every((code) => task.language_status[code]?.status === "stale");
  const label = t(stale ? "editor.update_export" : "actions.start");
  return { label, icon: Play, act: () => void actions.start([task]) };
}

/** What the language that is shown waits for while it is worked on; before there are lines that is the whole video. */
function WorkWait() {
  const { task, language } = useEditor();
  const base = task.language_status[BASE]?.status === "processing";
  if (!base && task.language_status[language]?.status !== "processing") return null;
  return <WaitText task={task.task_id} of={{ what: "stage", language: base ? BASE : language }} />;
}

/** One button for each language, with how far it is. */
function LanguageTabs() {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const [params, setParams] = useSearchParams();
  const base = task.language_status[BASE];
  return (
    <div role="group" aria-label={t("editor.languages")} className="flex flex-wrap items-center gap-1.5 max-sm:order-2 max-sm:w-full">
      {base?.status === "processing" && (
        <Badge look="busy">
          {t("stage.speaker_diarization")}{" "}
          <span data-testid="base-progress" className="tabular-nums">
            {base.progress} %
          </span>
        </Badge>
      )}
      {targets(task).map(([code, state]) => (
        <button
          key={code}
          type="button"
          aria-pressed={code === language}
          data-language={code}
          data-status={state.status}
          onClick={() => setParams({ ...Object.fromEntries(params), language: code }, { replace: true })}
          className={cn(
            "inline-flex h-9 items-center gap-2 rounded-full border px-3 font-medium",
            code === language
              ? "border-accent bg-accent-soft text-accent"
              : "border-line bg-surface text-soft hover:border-edge hover:text-ink",
          )}
        >
          {languageName(code, i18n.language)}
          <span className="text-xs font-normal tabular-nums" data-testid={`progress-${code}`}>
            {state.status === "processing"
              ? `${state.stage ? t(`stage_short.${state.stage}`) : ""} ${state.progress} %`
              : t(`status.${task.nothing_to_dub ? "silent" : shownLanguage(state)}`)}
            {languageTone(state) === "warn" && state.status === "completed" && (
              <TriangleAlert aria-label={t("report.not_passed")} size={13} className="text-warn ml-1 inline" />
            )}
          </span>
        </button>
      ))}
    </div>
  );
}
