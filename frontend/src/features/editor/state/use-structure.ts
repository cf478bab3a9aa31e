import { useTranslation } from "react-i18next";
import { useQueryClient } from "@tanstack/react-query";
import { editing } from "@/api/editing";
import type { LineRead, SegmentRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { rowsOf } from "@/core/lines";
import { splitAt } from "@/core/split";
import { useCaret } from "./caret";
import { useEditor } from "./context";
import { draftKey, type Side } from "./drafts";
import { useEdits } from "./use-edits";
import { show } from "./view";

const MIN_ROOM_S = 0.4;
const NEW_LENGTH_S = 2;

export interface Structure {
  /** Cut a line at the playhead, or where the text cursor was last in it. */
  split: (segment: string, at: "playhead" | "cursor") => Promise<void>;
  merge: (segment: string) => void;
  insert: (segment: string) => void;
  remove: (segment: string) => void;
  hasNext: (segment: string) => boolean;
  hasRoom: (segment: string) => boolean;
}

/** Cut lines, join them, add and remove some. All of it can be undone. */
export function useStructure(): Structure {
  const { t } = useTranslation();
  const { task, language, rows, transport, duration } = useEditor();
  const id = task.task_id;
  const cache = useQueryClient();
  const { edit, saveDraft } = useEdits(id, language);
  /** Save what is typed: it is the saved text that is cut. */
  const settle = (side: Side, segment: string) => saveDraft(draftKey(side, language, segment));
  const saved = (segment: string) => {
    const segments = cache.getQueryData<SegmentRead[]>(keys.segments(id)) ?? [];
    const lines = cache.getQueryData<LineRead[]>(keys.lines(id, language)) ?? [];
    return rowsOf(segments, lines).find((one) => one.segment.segment_id === segment);
  };
  const at = (segment: string) => rows.findIndex((row) => row.segment.segment_id === segment);
  const row = (segment: string) => rows[at(segment)]?.segment;
  const next = (segment: string) => rows[at(segment) + 1]?.segment;
  const room = (segment: string) => (next(segment)?.start_s ?? duration) - (row(segment)?.end_s ?? 0);
  return {
    hasNext: (segment) => next(segment) !== undefined,
    hasRoom: (segment) => room(segment) >= MIN_ROOM_S,
    split: async (segment, at) => {
      const { caret } = useCaret.getState();
      const place = at === "cursor" && caret?.segment === segment ? caret : null;
      if (!(await settle("source", segment)) || !(await settle("target", segment))) return;
      const found = saved(segment);
      if (!found) return;
      const cut = splitAt(found, language, transport.time, place);
      await edit(() => editing.split(id, segment, found.segment.version, cut));
    },
    merge: (segment) => {
      const other = next(segment);
      if (other) void edit(() => editing.merge(id, [segment, other.segment_id]));
    },
    insert: (segment) => {
      const found = row(segment);
      if (!found) return;
      const start_s = found.end_s;
      const end_s = Math.round((start_s + Math.min(NEW_LENGTH_S, room(segment))) * 1000) / 1000;
      void edit(async () => {
        const made = await editing.insert(id, {
          start_s,
          end_s,
          speaker_id: found.speaker_id,
          text: t("editor.new_line"),
        });
        show({ selected: made.segment_id });
      });
    },
    remove: (segment) => {
      const found = row(segment);
      if (found) void edit(() => editing.remove(id, segment, found.version));
    },
  };
}
