import { useVirtualizer } from "@tanstack/react-virtual";
import { AudioLines, CheckCircle2, Languages, SearchX } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "@/components/ui/cn";
import { EngineText } from "@/components/engine-text";
import { Empty, Failure } from "@/components/ui/states";
import { useWide } from "@/components/ui/use-media";
import { findRows } from "@/core/find";
import { languageName } from "@/core/format";
import { BASE } from "@/core/progress";
import { type Beside, useBeside } from "../state/beside";
import { useEditor } from "../state/context";
import { useHeard } from "../state/use-time";
import { usePlaying } from "../state/transport";
import { useReviewMode } from "../state/review-mode";
import { useView } from "../state/view";
import { FindBar } from "./find-bar";
import { columns, LineRow } from "./line-row";
import { Approval } from "./approval";
import { FailedWork } from "./failed-work";
import { NeedsTranslation } from "./needs-translation";
import { ReviewBar } from "./review-bar";
import { LineToolbar } from "./line-toolbar";

const ROW_HEIGHT = 62;

/** Indexes of the rows that are shown. */
function useShown(): number[] {
  const { rows, judged } = useEditor();
  const filter = useView((state) => state.filter);
  const search = useView((state) => state.search);
  const options = useView((state) => state.findOptions);
  return useMemo(() => {
    const all = rows.map((_, index) => index);
    const found = search
      ? new Set([...findRows(rows, search, "source", options), ...findRows(rows, search, "target", options)])
      : null;
    return all.filter((index) => {
      const row = rows[index];
      return row && (!found || found.has(index)) && (filter === "all" || judged.get(row.segment.segment_id)?.issue);
    });
  }, [rows, judged, filter, search, options]);
}

/** All lines, source beside target; only those in view exist. */
export function LinePanel() {
  const { t, i18n } = useTranslation();
  const { language, unread } = useEditor();
  const shown = useShown();
  const beside = useBeside();
  const wide = useWide();
  const reviewing = useReviewMode((state) => state.list !== null);
  return (
    <>
      {(wide || !reviewing) && <LineToolbar />}
      <ReviewBar />
      <FindBar />
      <NeedsTranslation />
      <FailedWork />
      <Approval />
      <div
        aria-hidden
        className={cn(
          "text-soft border-line hidden gap-2 border-b px-3 py-1.5 text-xs font-medium md:grid",
          columns(beside !== null),
        )}
      >
        <span />
        <span className="px-2">{t("editor.source")}</span>
        <span className="px-2">{beside ? languageName(language, i18n.language) : t("editor.translation")}</span>
        {beside && <span className="px-2">{languageName(beside.code, i18n.language)}</span>}
      </div>
      {unread && (
        <div data-testid="unread">
          <Failure error={unread.error} onRetry={unread.retry} />
        </div>
      )}
      {shown.length > 0 ? <Lines shown={shown} beside={beside} /> : !unread && <NothingShown />}
    </>
  );
}

function Lines({ shown, beside }: { shown: number[]; beside: Beside | null }) {
  const { t } = useTranslation();
  const { rows } = useEditor();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[shown[index] ?? 0]?.segment.segment_id ?? index,
    overscan: 4,
  });
  const selected = useView((state) => state.selected);
  const heard = useHeard();
  const playing = usePlaying((state) => state.playing);
  const selectedAt = shown.findIndex((index) => rows[index]?.segment.segment_id === selected);
  const reviewed = useReviewMode(({ list, at }) => list?.[at]); // it stays in view, whatever is heard around it
  const heardAt = playing && !reviewed ? shown.indexOf(heard) : -1;
  useEffect(() => {
    if (selectedAt < 0 || isPressed(box.current)) return;
    virtual.scrollToIndex(selectedAt, { align: reviewed?.segment === selected ? "start" : "auto" });
  }, [virtual, selectedAt, selected, reviewed]);
  useEffect(() => {
    if (heardAt >= 0 && !isPressed(box.current)) virtual.scrollToIndex(heardAt, { align: "auto" });
  }, [virtual, heardAt]);
  return (
    <div ref={box} className="min-h-0 flex-1 overflow-y-auto" data-testid="lines">
      <div role="list" aria-label={t("editor.lines")} className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const index = shown[item.index] ?? 0;
          const row = rows[index];
          if (!row) return null;
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              role="listitem"
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <LineRow
                row={row}
                number={index + 1}
                selected={row.segment.segment_id === selected}
                heard={index === heard}
                beside={beside}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Whether something in it is being clicked: it would move away under the pointer, and the click be lost. */
const isPressed = (list: HTMLElement | null): boolean => list?.matches(":active") ?? false;

function NothingShown() {
  const { t } = useTranslation();
  const { task, rows, read } = useEditor();
  const { filter, search } = useView();
  if (!read.segments || (filter === "review" && !read.review))
    return <div role="status" aria-label={t("common.loading")} className="skeleton m-3 min-h-24" />;
  if (rows.length > 0 && search) return <Empty icon={SearchX} title={t("editor.nothing_found")} />;
  if (rows.length > 0 && filter === "review")
    return (
      <Empty icon={CheckCircle2} title={t("editor.review_done_title")}>
        {t("editor.review_done_text")}
      </Empty>
    );
  const base = task.language_status[BASE];
  if (base?.status === "failed") return null;
  if (base?.status === "processing")
    return (
      <Empty icon={AudioLines} title={t("editor.listening_title")}>
        {t("editor.listening_text", { progress: base.progress })}
      </Empty>
    );
  if (task.note)
    return (
      <Empty icon={AudioLines} title={t("editor.no_speech")}>
        <EngineText text={task.note} />
      </Empty>
    );
  return (
    <Empty icon={Languages} title={t("editor.no_lines_title")}>
      {t("editor.no_lines_text")}
    </Empty>
  );
}
