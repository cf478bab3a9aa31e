import type { QueryClient } from "@tanstack/react-query";
import { replaceLines } from "@/api/cache";
import { match } from "@/api/editing";
import { getLine, getSegment, type LineRead, type SegmentRead, updateLine, updateSegment } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { draftPlace } from "./drafts";
import { DraftSaver, type Saved, type TextStore } from "./save-draft";

/** Put a segment the server sent where it is kept; its lines follow. */
export function putSegment(cache: QueryClient, id: string, segment: SegmentRead): void {
  cache.setQueryData<SegmentRead[]>(keys.segments(id), (all) =>
    all?.map((one) => (one.segment_id === segment.segment_id ? segment : one)),
  );
  void cache.invalidateQueries({ queryKey: ["task", id, "lines"] });
}

const asSaved = ({ text, version }: { text: string | null; version: number }): Saved => ({ text: text ?? "", version });

/** Texts of a task in the gateway, of every language. */
function textStore(cache: QueryClient, task_id: string): TextStore {
  return {
    known: (key) => {
      const { side, language, segment } = draftPlace(key);
      const where = side === "source" ? keys.segments(task_id) : keys.lines(task_id, language);
      const all = cache.getQueryData<(SegmentRead | LineRead)[]>(where);
      return all?.find((one) => one.segment_id === segment)?.text ?? undefined;
    },
    read: async (key) => {
      const { side, language, segment: segment_id } = draftPlace(key);
      return side === "source"
        ? asSaved(await data(getSegment({ path: { task_id, segment_id } })))
        : asSaved(await data(getLine({ path: { task_id, language, segment_id } })));
    },
    write: async (key, text, version) => {
      const { side, language, segment: segment_id } = draftPlace(key);
      const headers = match(version);
      if (side === "source") {
        const segment = await data(updateSegment({ path: { task_id, segment_id }, body: { text }, headers }));
        putSegment(cache, task_id, segment);
        return asSaved(segment);
      }
      const line = await data(updateLine({ path: { task_id, language, segment_id }, body: { text }, headers }));
      replaceLines(cache, task_id, language, [line]);
      return asSaved(line);
    },
  };
}

const savers = new Map<string, { saver: DraftSaver; refused: (error: unknown) => void }>();

/** The one saver of a task, so that a text is never on its way twice; `refused` is told by whoever asked last. */
export function saverOf(cache: QueryClient, id: string, refused: (error: unknown) => void): DraftSaver {
  const known = savers.get(id);
  if (known) {
    known.refused = refused;
    return known.saver;
  }
  const made = { refused, saver: new DraftSaver(textStore(cache, id), (error) => savers.get(id)?.refused(error)) };
  savers.set(id, made);
  return made.saver;
}
