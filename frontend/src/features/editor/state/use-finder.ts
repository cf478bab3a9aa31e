import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { replaceLines } from "@/api/cache";
import { editing } from "@/api/editing";
import { findPlaces, replaceText } from "@/core/find";
import { textOf } from "@/core/lines";
import { useEditor } from "./context";
import { draftKey, useDrafts } from "./drafts";
import { useHistory } from "./history";
import { useEdits } from "./use-edits";
import { show, useView } from "./view";

export interface Finder {
  /** Places in the translation, and in how many lines they are. */
  count: number;
  lines: number;
  /** Which of them is at hand. */
  at: number;
  working: boolean;
  go: (by: 1 | -1) => void;
  /** Replace the place at hand, and go to the next. */
  replace: (by: string) => Promise<void>;
  /** Replace all as one edit. */
  replaceAll: (by: string) => Promise<void>;
}

/** Look for a text in the translation, and replace it. */
export function useFinder(id: string, language: string): Finder {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const { rows } = useEditor();
  const { edit, saveText, saveDraft } = useEdits(id, language);
  const history = useHistory(id, language);
  const { search, findOptions, foundAt } = useView();
  const [working, setWorking] = useState(false);
  const places = useMemo(() => findPlaces(rows, search, "target", findOptions), [rows, search, findOptions]);
  const at = Math.max(0, Math.min(foundAt, places.length - 1));
  const found = [...new Set(places.map(({ segment }) => segment))];
  const go = (to: number) => {
    const place = places[(to + places.length) % places.length];
    if (place) show({ foundAt: places.indexOf(place), selected: place.segment });
  };
  const rowOf = (segment: string) => rows.find((one) => one.segment.segment_id === segment);
  const replace = async (by: string) => {
    const place = places[at];
    const line = place && rowOf(place.segment)?.line;
    if (!place || !line?.text) return;
    show({ selected: place.segment, foundAt: at });
    const text = line.text.slice(0, place.start) + by + line.text.slice(place.end);
    await saveText("target", place.segment, text, line.version);
  };
  const replaceAll = async (by: string) => {
    setWorking(true);
    for (const segment of found) {
      const key = draftKey("target", language, segment);
      if (useDrafts.getState().drafts[key]) await saveDraft(key);
    }
    const lines = found.flatMap((segment_id) => {
      const row = rowOf(segment_id);
      if (!row?.line) return [];
      const text = replaceText(textOf(row, "target"), search, by, findOptions);
      return [{ segment_id, version: row.line.version, text }];
    });
    const done = await edit(async () =>
      replaceLines(cache, id, language, await editing.changeLines(id, language, lines)),
    );
    setWorking(false);
    const undo = { label: t("actions.undo"), onClick: () => history.undo() };
    if (done) toast.success(t("editor.replaced", { count: lines.length }), { action: undo });
  };
  const step = (by: 1 | -1) => go(foundAt < 0 ? (by > 0 ? 0 : -1) : at + by);
  return { count: places.length, lines: found.length, at, working, go: step, replace, replaceAll };
}
