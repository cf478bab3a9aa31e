import { useQueryClient } from "@tanstack/react-query";
import type { LineRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { useEditor } from "./context";
import { draftKey } from "./drafts";
import { useEdits } from "./use-edits";
import { awaitTake, settleTakes, waitKey } from "./waiting";

/** Speak a line again and let it be heard when it is ready; what is typed is saved first. */
export function useRedub(): (segment: string) => Promise<void> {
  const { task, language } = useEditor();
  const cache = useQueryClient();
  const { saveDraft, dub } = useEdits(task.task_id, language);
  return async (segment) => {
    if (!(await saveDraft(draftKey("target", language, segment)))) return;
    const lines = cache.getQueryData<LineRead[]>(keys.lines(task.task_id, language));
    const line = lines?.find((one) => one.segment_id === segment);
    if (!line) return;
    const key = waitKey(task.task_id, language, segment);
    awaitTake([[key, line.version]], key);
    if (!(await dub(segment))) settleTakes([key]);
  };
}
