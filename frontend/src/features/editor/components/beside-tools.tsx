import { ArrowLeft, ArrowRight, Clock } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LineChange } from "@/api/generated";
import { IconButton } from "@/components/ui/icon-button";
import { Choice } from "@/components/ui/choice";
import { Menu, type MenuEntry } from "@/components/ui/menu";
import { copiedTimes, type Lines } from "@/core/beside";
import { languageName } from "@/core/format";
import { targets } from "@/core/progress";
import { type Beside, setBeside, useBeside } from "../state/beside";
import { useEditor } from "../state/context";
import { useCopyTimes } from "../state/use-copy-times";
import { useView } from "../state/view";

/** Which second language stands beside the one shown, and what its times are good for. */
export function BesideTools() {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const beside = useBeside();
  const others = targets(task).flatMap(([code]) => (code === language ? [] : [code]));
  if (others.length === 0) return null;
  return (
    <>
      <Choice
        small
        aria-label={t("beside.title")}
        className="w-auto max-w-48"
        value={beside?.code ?? null}
        onChange={(code) => setBeside(code, language)}
        options={[
          { value: null, label: t("beside.none") },
          ...others.map((code) => ({
            value: code,
            label: t("beside.with", { language: languageName(code, i18n.language) }),
          })),
        ]}
      />
      {beside && <CopyTimes beside={beside} />}
    </>
  );
}

/** Times of their own that lines have in one of the two languages, for the other. */
function CopyTimes({ beside }: { beside: Beside }) {
  const { t, i18n } = useTranslation();
  const { language, rows } = useEditor();
  const selected = useView((state) => state.selected);
  const copy = useCopyTimes();
  const shown = useMemo<Lines>(
    () => new Map(rows.flatMap(({ line }) => (line ? [[line.segment_id, line] as const] : []))),
    [rows],
  );
  const segments = useMemo(() => rows.map(({ segment }) => segment), [rows]);
  const taken = useMemo(() => copiedTimes(segments, beside.lines, shown), [segments, beside.lines, shown]);
  const given = useMemo(() => copiedTimes(segments, shown, beside.lines), [segments, beside.lines, shown]);
  const entry = (to: string, which: "line" | "all", changes: LineChange[]): MenuEntry => {
    const name = languageName(beside.code, i18n.language);
    const way = to === language ? "take" : "give";
    return {
      label: t(`beside.${way}_${which}`, { language: name, count: changes.length }),
      icon: way === "take" ? ArrowLeft : ArrowRight,
      disabled: changes.length === 0,
      onSelect: () => void copy(to, changes),
    };
  };
  const ofLine = (changes: LineChange[]) => changes.filter((change) => change.segment_id === selected);
  return (
    <Menu
      trigger={<IconButton small icon={Clock} label={t("beside.times")} />}
      entries={[
        entry(language, "line", ofLine(taken)),
        entry(beside.code, "line", ofLine(given)),
        null,
        entry(language, "all", taken),
        entry(beside.code, "all", given),
      ]}
    />
  );
}
