import { useTranslation } from "react-i18next";
import { editing } from "@/api/editing";
import { useEditor } from "./context";
import { useEdits } from "./use-edits";
import { show } from "./view";

const MIN_ROOM_S = 0.4;
const NEW_LENGTH_S = 2;

export interface Structure {
  split: (segment: string) => void;
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
  const { edit } = useEdits(task.task_id, language);
  const id = task.task_id;
  const at = (segment: string) => rows.findIndex((row) => row.segment.segment_id === segment);
  const row = (segment: string) => rows[at(segment)]?.segment;
  const next = (segment: string) => rows[at(segment) + 1]?.segment;
  const room = (segment: string) => (next(segment)?.start_s ?? duration) - (row(segment)?.end_s ?? 0);
  return {
    hasNext: (segment) => next(segment) !== undefined,
    hasRoom: (segment) => room(segment) >= MIN_ROOM_S,
    split: (segment) => {
      const found = row(segment);
      if (!found) return;
      const inside = transport.time > found.start_s + 0.1 && transport.time < found.end_s - 0.1;
      const at_s = inside ? transport.time : (found.start_s + found.end_s) / 2;
      void edit(() => editing.split(id, segment, found.version, { at_s: Math.round(at_s * 1000) / 1000 }));
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
