import { CircleCheck, ListChecks } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ReviewLine } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Check } from "@/components/ui/fields";
import { Empty, Failure } from "@/components/ui/states";
import { clock, languageName } from "@/core/format";
import { issuesOf, type Row } from "@/core/lines";
import { useEditor } from "../state/context";
import { reviewMode } from "../state/review-mode";
import { useGoToLine } from "../state/use-go-to-line";
import { show, useView } from "../state/view";
import { IssueBadges } from "./issue-badges";
import { Verdicts } from "./verdicts";

/** What is worth a person's time in all languages, worst first, and whether each language is good enough. */
export function ReviewPanel() {
  const { t } = useTranslation();
  const { review, read, unread } = useEditor();
  const [minor, setMinor] = useState(false);
  const shown = review.filter(({ issue }) => issue || minor);
  const begin = () => {
    reviewMode.begin(shown.map((line) => ({ language: line.language, segment: line.segment_id })));
    show({ sheet: false });
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); // keys are for the walk now
  };
  const others = review.filter(({ issue }) => !issue).length;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <Verdicts />
      {shown.length > 0 && (
        <Button look="primary" icon={ListChecks} className="justify-self-start" onClick={begin}>
          {t("walk.begin", { count: shown.length })}
        </Button>
      )}
      {others > 0 && (
        <Check
          label={t("review.minor", { count: others })}
          checked={minor}
          onChange={(event) => setMinor(event.target.checked)}
        />
      )}
      {!read.review && unread ? (
        <Failure error={unread.error} onRetry={unread.retry} />
      ) : !read.review ? (
        <div role="status" aria-label={t("common.loading")} className="skeleton h-24" />
      ) : shown.length === 0 ? (
        <Empty icon={CircleCheck} title={t("editor.review_done_title")} />
      ) : (
        <ol aria-label={t("review.list")} className="border-line divide-line divide-y rounded-lg border">
          {shown.map((line) => (
            <Entry key={`${line.language}/${line.segment_id}`} line={line} />
          ))}
        </ol>
      )}
    </div>
  );
}

function Entry({ line }: { line: ReviewLine }) {
  const { t, i18n } = useTranslation();
  const { busy, rows, language, read } = useEditor();
  const goTo = useGoToLine();
  const selected = useView((state) => state.selected === line.segment_id) && line.language === language;
  const name = languageName(line.language, i18n.language);
  const go = () => goTo(line.language, line.segment_id);
  const segment = rows.find((row) => row.segment.segment_id === line.segment_id)?.segment;
  const row = { segment, line } as Row;
  return (
    <li data-review={line.language} className={selected ? "bg-accent-soft/60" : ""}>
      <button type="button" onClick={go} className="hover:bg-sunken grid w-full gap-1 px-3 py-2 text-left">
        <span className="text-soft text-xs tabular-nums">
          <span className="sr-only">{t("review.go_to")} </span>
          {name} · {clock(line.start_s, 1)}
        </span>
        <span lang={line.language}>{line.text ?? line.source_text}</span>
        <span className="flex flex-wrap gap-1.5">
          <IssueBadges issues={issuesOf(row, busy || !read.lines, line)} line={line} />
        </span>
      </button>
    </li>
  );
}
