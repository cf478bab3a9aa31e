import { AudioLines, Loader2, Play } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "@/components/ui/cn";
import { IconButton } from "@/components/ui/icon-button";
import { clock } from "@/core/format";
import { issuesOf, type Row, spanOf, speakerColour } from "@/core/lines";
import type { Beside } from "../state/beside";
import { useEditor } from "../state/context";
import { show } from "../state/view";
import { useRedub } from "../state/use-redub";
import { useWaiting, waitKey } from "../state/waiting";
import { BesideCell } from "./beside-cell";
import { IssueBadges } from "./issue-badges";
import { LineMenu } from "./line-menu";
import { NoLine } from "./no-line";
import { OriginBadges } from "./origin-badge";
import { SpokenWords, TextFigures } from "./living-text";
import { TextCell } from "./text-cell";

interface LineRowProps {
  row: Row;
  number: number;
  selected: boolean;
  heard: boolean;
  beside: Beside | null;
}

/** Columns of a line, and of what stands over them. */
export const columns = (beside: boolean): string =>
  beside
    ? "md:grid-cols-[5.5rem_repeat(3,minmax(0,1fr))_max(5.5rem,3*var(--target))]"
    : "md:grid-cols-[5.5rem_minmax(0,1fr)_minmax(0,1fr)_max(5.5rem,3*var(--target))]";

/** One line: when, who, what is said, what is said instead, and what is the matter with it. */
export const LineRow = memo(function LineRow({ row, number, selected, heard, beside }: LineRowProps) {
  const { t } = useTranslation();
  const { speakers, busy, language, judged, read } = useEditor();
  const { segment, line } = row;
  const { start_s, speaker_id } = spanOf(row);
  const speaker = speakers.find((one) => one.speaker_id === speaker_id);
  return (
    <div
      data-segment={segment.segment_id}
      data-state={line?.state ?? "none"}
      data-chosen={selected ? "" : undefined}
      aria-current={heard ? "true" : undefined}
      onFocus={() => show({ selected: segment.segment_id })}
      className={cn(
        "border-line grid grid-cols-[minmax(0,1fr)_max(5.5rem,3*var(--target))] gap-x-2 gap-y-1 border-b py-2 pr-2 pl-3",
        columns(beside !== null),
        selected && "bg-accent-soft/60",
        heard && "shadow-[inset_3px_0_0_var(--accent)]",
      )}
    >
      <div className="flex items-center gap-2 text-xs max-md:col-start-1 md:grid md:content-start md:gap-1 md:pt-1">
        <button
          type="button"
          className="text-soft hover:text-ink rounded text-left tabular-nums"
          title={t("editor.go_to_line", { number })}
          onClick={() => show({ selected: segment.segment_id, tab: "line" })}
        >
          <span className="sr-only">{t("editor.line_number", { number })} </span>
          {clock(start_s, 1)}
        </button>
        <span className="flex min-w-0 items-center gap-1.5">
          <span
            aria-hidden
            className="size-2 shrink-0 rounded-full"
            style={{ background: speakerColour(speakers, speaker_id) }}
          />
          <span className="truncate">{speaker?.name ?? speaker_id}</span>
        </span>
      </div>
      <div className="max-md:col-span-2">
        <TextCell row={row} side="source" label={t("editor.source_of", { number })} />
        {heard && <SpokenWords row={row} />}
      </div>
      <div className="max-md:col-span-2">
        {line ? (
          <>
            <TextCell row={row} side="target" label={t("editor.translation_of", { number })} />
            <TextFigures row={row} />
          </>
        ) : (
          <p className="px-2 py-1.5">
            <NoLine read={read.lines} />
          </p>
        )}
        <div className="flex flex-wrap items-center gap-1.5 px-2 pt-1 empty:hidden">
          <IssueBadges issues={issuesOf(row, busy || !read.lines, judged.get(segment.segment_id))} line={line} />
          <OriginBadges line={line} />
        </div>
      </div>
      {beside && (
        <div className="max-md:col-span-2">
          <BesideCell
            row={row}
            number={number}
            code={beside.code}
            line={beside.lines.get(segment.segment_id)}
            read={beside.read}
            judged={beside.judged.get(segment.segment_id)}
          />
        </div>
      )}
      <div className="flex items-start justify-end max-md:col-start-2 max-md:row-start-1">
        <RowButtons row={row} language={language} />
      </div>
    </div>
  );
});

function RowButtons({ row, language }: { row: Row; language: string }) {
  const { segment, line } = row;
  const { t } = useTranslation();
  const { task, transport } = useEditor();
  const waiting = useWaiting((state) => state.lines.has(waitKey(task.task_id, language, segment.segment_id)));
  const redub = useRedub();
  const play = () => {
    const start = line?.take_start_s ?? segment.start_s;
    transport.playSpan(start, Math.max(segment.end_s, start + (line?.take_duration_s ?? 0)));
  };
  return (
    <>
      <IconButton small icon={Play} label={t("editor.play_line")} shortcut="Alt+P" onClick={play} />
      {line?.text && (
        <IconButton
          small
          icon={waiting ? Loader2 : AudioLines}
          label={t(waiting ? "editor.dubbing" : "editor.dub_line")}
          shortcut="Ctrl+Enter"
          disabled={waiting}
          onClick={() => void redub(segment.segment_id)}
          className={waiting ? "[&_svg]:animate-spin" : ""}
        />
      )}
      <LineMenu row={row} />
    </>
  );
}
