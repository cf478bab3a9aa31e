import { useTranslation } from "react-i18next";
import type { LineRead, ReviewLine } from "@/api/generated";
import { clock, languageName } from "@/core/format";
import { issuesOf, type Row } from "@/core/lines";
import { setBeside } from "../state/beside";
import { useEditor } from "../state/context";
import { useGoToLine } from "../state/use-go-to-line";
import { IssueBadges } from "./issue-badges";
import { NoLine } from "./no-line";

interface BesideCellProps {
  row: Row;
  number: number;
  code: string;
  line: LineRead | undefined;
  read: boolean;
  judged: ReviewLine | undefined;
}

/** A line in the second language, to be read; a click shows that language, with the former one beside it. */
export function BesideCell({ row: { segment }, number, code, line, read, judged }: BesideCellProps) {
  const { t, i18n } = useTranslation();
  const { language, busy } = useEditor();
  const go = useGoToLine();
  const issues = issuesOf({ segment, line }, busy || !read, judged);
  const own = line && (line.start_s !== segment.start_s || line.end_s !== segment.end_s);
  const jump = () => {
    setBeside(code, language);
    go(code, segment.segment_id);
  };
  return (
    <button
      type="button"
      data-beside={code}
      data-state={line?.state ?? "none"}
      onClick={jump}
      className="hover:bg-sunken grid w-full content-start gap-1 rounded-md px-2 py-1.5 text-left leading-snug max-md:bg-sunken/60"
    >
      <span className="text-soft text-xs md:sr-only">
        {t("beside.go", { language: languageName(code, i18n.language), number })}{" "}
      </span>
      <span lang={code}>{line?.text ?? <NoLine read={read} />}</span>
      <span className="flex flex-wrap items-center gap-1.5 empty:hidden">
        {own && (
          <span className="text-soft text-xs tabular-nums" data-testid="beside-times">
            {clock(line.start_s, 2)} – {clock(line.end_s, 2)}
          </span>
        )}
        {issues.length === 0 && line?.fit && (
          <span className="text-soft text-xs">
            {t(`fit.${line.fit as "natural"}`)}
            {line.speed ? ` ${line.speed.toFixed(2)}×` : ""}
          </span>
        )}
        <IssueBadges issues={issues} line={line} />
      </span>
    </button>
  );
}
