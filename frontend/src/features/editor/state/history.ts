import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { editing } from "@/api/editing";
import { type EditRead, listEdits } from "@/api/generated";
import { keys } from "@/api/keys";
import { data as read } from "@/api/problems";
import { useEdits } from "./use-edits";

export interface History {
  canUndo: boolean;
  canRedo: boolean;
  edits: EditRead[];
  undo: () => void;
  redo: () => void;
}

/** What was done to the task's lines, by anybody, and how to take it back. */
export function useHistory(id: string, language: string): History {
  const { t } = useTranslation();
  const { edit } = useEdits(id, language);
  const { data } = useQuery({
    queryKey: keys.edits(id),
    queryFn: ({ signal }) => read(listEdits({ path: { task_id: id }, query: { limit: 50 }, signal })),
  });
  const edits = data ?? [];
  const step = (act: () => Promise<{ edit: EditRead }>, word: "undone" | "redone") =>
    void edit(async () => {
      const done = await act();
      const { kind, summary } = done.edit;
      toast(t(`editor.${word}`, { what: t(`edit.${kind as "update_line"}`, { defaultValue: summary }) }));
    });
  return {
    edits,
    canUndo: edits.some((one) => !one.undone),
    canRedo: edits.some((one) => one.undone),
    undo: () => step(() => editing.undo(id), "undone"),
    redo: () => step(() => editing.redo(id), "redone"),
  };
}
