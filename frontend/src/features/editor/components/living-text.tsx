import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "@/components/ui/cn";
import { type Row, textOf } from "@/core/lines";
import { READABLE_CPS, readingSpeed, saidIn, wordAt, wordsOf } from "@/core/reading";
import { verdictOf } from "@/core/timeline";
import { useEditor } from "../state/context";
import { draftKey, useDrafts } from "../state/drafts";
import { usePlaying } from "../state/transport";
import { useAtTime } from "../state/use-time";

/** The words of the line that is heard, with the one that is said now. */
export function SpokenWords({ row }: { row: Row }) {
  const playing = usePlaying((state) => state.playing);
  return playing && wordsOf(row).length > 0 ? <Words row={row} /> : null;
}

function Words({ row }: { row: Row }) {
  const words = wordsOf(row);
  const now = useAtTime(useCallback((time) => wordAt(words, time), [words]));
  return (
    <p aria-hidden data-testid="spoken" className="text-soft px-2 text-xs">
      {words.map((word, index) => (
        <span
          key={`${word.start_s}/${word.text}`}
          className={cn("rounded-xs", index === now && "bg-accent text-on-accent px-0.5")}
        >
          {word.text}{" "}
        </span>
      ))}
    </p>
  );
}

/** While a translation is typed: how fast it reads, and whether it will fit when it is said. */
export function TextFigures({ row }: { row: Row }) {
  const { t } = useTranslation();
  const { language, rows } = useEditor();
  const draft = useDrafts((state) => state.drafts[draftKey("target", language, row.segment.segment_id)]);
  if (!draft || draft.text === textOf(row, "target")) return null;
  const cps = readingSpeed(draft.text, row);
  const said = saidIn(draft.text, row);
  const next = rows[rows.indexOf(row) + 1];
  const slot = row.segment.end_s - row.segment.start_s;
  const gap = next ? next.segment.start_s - row.segment.end_s - 0.05 : 0;
  const verdict = said === null ? null : verdictOf(said, slot, gap);
  return (
    <p className="text-soft flex flex-wrap gap-x-3 px-2 pt-0.5 text-xs tabular-nums" data-testid="figures">
      <span className={cps > READABLE_CPS ? "text-warn" : ""}>{t("figures.cps", { value: cps.toFixed(0) })}</span>
      {verdict && said !== null && (
        <span className={verdict.kind === "long" ? "text-bad" : verdict.kind === "faster" ? "text-warn" : "text-good"}>
          {t("figures.said", { seconds: said.toFixed(1), room: (slot + Math.max(0, gap)).toFixed(1) })}
        </span>
      )}
    </p>
  );
}
