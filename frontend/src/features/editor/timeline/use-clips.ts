import { useMemo } from "react";
import { type Clip, clipsOf, longest } from "@/core/timeline";
import { useEditor } from "../state/context";
import { takeUrl } from "../state/use-dub-source";

/** The lines of the language at hand as clips. */
export function useClips(): { clips: Clip[]; longest_s: number } {
  const { task, language, rows, duration } = useEditor();
  return useMemo(() => {
    const clips = clipsOf(rows, duration, (segment, key) => takeUrl(task.task_id, language, segment, key));
    return { clips, longest_s: longest(clips) };
  }, [rows, duration, task.task_id, language]);
}
