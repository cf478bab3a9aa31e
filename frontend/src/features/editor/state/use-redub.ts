import { useQueryClient } from "@tanstack/react-query";
import type { LineRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { useEditor } from "./context";
import { draftKey, useDrafts } from "./drafts";
import { useEdits } from "./use-edits";
import { awaitTake } from "./waiting";

/** Speak a line again and let it be heard when it is ready; what is typed is saved first. */
export function useRedub(): (segment: string) => Promise<void> {
  const { task, language } = useEditor();
  const cache = useQueryClient();
  const { saveText, dub } = useEdits(task.task_id, language);
  return async (segment) => {
    const draft = useDrafts.getState().drafts[draftKey("target", language, segment)];
    if (draft && !(await saveText("target", segment, draft.text, draft.version))) return;
    const lines = cache.getQueryData<LineRead[]>(keys.lines(task.task_id, language));
    const line = lines?.find((one) => one.segment_id === segment);
    if (!line) return;
    const key = `${language}/${segment}`;
    awaitTake([[key, line.version]], key);
    await dub(segment);
  };
}
