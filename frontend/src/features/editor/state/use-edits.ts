import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { replaceLines } from "@/api/cache";
import { editing, match } from "@/api/editing";
import { dubLine, getLine, getSegment, type LineRead, type LineUpdate, updateSegment } from "@/api/generated";
import { keys } from "@/api/keys";
import { ApiProblem, data } from "@/api/problems";
import { useRefusal } from "@/i18n/refusal";
import { draftKey, type Side, useDrafts } from "./drafts";
import { isAway } from "./save-draft";
import { putSegment, saverOf } from "./text-store";

export interface Edits {
  /** Save what is typed in a text; true when the server has it. */
  saveDraft: (key: string) => Promise<boolean>;
  /** Save a text; false when it was not saved. A conflict is shown, and whoever typed decides. */
  saveText: (side: Side, segment: string, text: string, version: number) => Promise<boolean>;
  retime: (segment: string, values: { start_s?: number; end_s?: number; speaker_id?: string }) => Promise<void>;
  /** Move what is shown: the line of this language where that has times of its own, else the original and all with it. */
  move: (segment: string, times: { start_s: number; end_s: number }) => Promise<void>;
  /** Set what is no text of a line in this language: the last choice counts, whatever the line was changed to since. */
  setLine: (segment: string, change: LineUpdate) => Promise<boolean>;
  /** Let a take of a line count, whatever the line was changed to since. */
  chooseTake: (segment: string, take: string) => Promise<boolean>;
  dub: (segment: string) => Promise<boolean>;
  dubChanged: (lines: LineRead[]) => Promise<boolean>;
  /** Do something else with the task's lines and read them again. */
  edit: (act: () => Promise<unknown>) => Promise<boolean>;
}

/** Everything that changes lines of a task in one language. */
export function useEdits(id: string, language: string): Edits {
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { t } = useTranslation();
  return useMemo(() => {
    const reread = () => cache.invalidateQueries({ queryKey: keys.task(id) });
    const attempt = async (act: () => Promise<unknown>): Promise<boolean> => {
      try {
        await act();
        return true;
      } catch (error) {
        refuse(error);
        return false;
      }
    };
    const edit: Edits["edit"] = async (act) => {
      const done = await attempt(act);
      await reread();
      return done;
    };
    const saver = saverOf(cache, id, (error) => {
      if (isAway(error)) toast.error(t("drafts.away"), { id: "drafts", description: t("drafts.kept") });
      else refuse(error);
    });
    const saveDraft: Edits["saveDraft"] = async (key) => {
      const outcome = await saver.save(key);
      if (outcome === "theirs") await reread();
      return outcome === "saved";
    };
    const saveText: Edits["saveText"] = (side, segment, text, version) => {
      const key = draftKey(side, language, segment);
      useDrafts.getState().write(key, { text, version });
      return saveDraft(key);
    };
    const retime: Edits["retime"] = async (segment_id, values) => {
      await attempt(async () => {
        const { version } = await data(getSegment({ path: { task_id: id, segment_id } }));
        const segment = await data(
          updateSegment({ path: { task_id: id, segment_id }, body: values, headers: match(version) }),
        );
        putSegment(cache, id, segment);
      });
      await reread();
    };
    /** Change a line as it is now, and again if it was changed meanwhile. */
    const onLine = (segment_id: string, change: (version: number) => Promise<LineRead>) =>
      edit(async () => {
        for (let tries = 3; ; tries -= 1) {
          const { version } = await data(getLine({ path: { task_id: id, language, segment_id } }));
          try {
            replaceLines(cache, id, language, [await change(version)]);
            return;
          } catch (error) {
            if (tries === 1 || !(error instanceof ApiProblem && error.status === 412)) throw error;
          }
        }
      });
    const setLine: Edits["setLine"] = (segment, change) =>
      onLine(segment, (version) => editing.changeLine(id, language, segment, version, change));
    const chooseTake: Edits["chooseTake"] = (segment, take) =>
      onLine(segment, (version) => editing.chooseTake(id, language, segment, take, version));
    const move: Edits["move"] = async (segment_id, times) => {
      const lines = cache.getQueryData<LineRead[]>(keys.lines(id, language));
      const own = lines?.find((line) => line.segment_id === segment_id && line.moved);
      if (own) await setLine(segment_id, times);
      else await retime(segment_id, times);
    };
    const dub: Edits["dub"] = (segment_id) =>
      attempt(() => data(dubLine({ path: { task_id: id, language, segment_id } })));
    const dubChanged: Edits["dubChanged"] = async (lines) => {
      const done = await attempt(() =>
        editing.dub(
          id,
          language,
          lines.map((line) => line.segment_id),
        ),
      );
      if (done) toast(t("editor.dubbing_lines", { count: lines.length }));
      return done;
    };
    return { saveDraft, saveText, retime, move, setLine, chooseTake, dub, dubChanged, edit };
  }, [cache, id, language, refuse, t]);
}
