import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listJobs } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import type { Editor } from "./context";
import { leaveTakes, settleTakes, useWaiting, waitKey } from "./waiting";

/** When a line that was asked for has its take, stop waiting and, if it was the one asked for last, let it be heard. */
export function useWaitForTakes({ task, language, rows, transport }: Editor): void {
  const waiting = useWaiting((state) => state.lines);
  const id = task.task_id;
  useEffect(() => {
    const here = rows.flatMap(({ line }) => {
      if (!line) return [];
      const before = waiting.get(waitKey(id, language, line.segment_id));
      const ended = before !== undefined && line.version !== before;
      return ended && (line.state === "dubbed" || line.state === "failed") ? [line] : [];
    });
    if (here.length === 0) return;
    const { hear } = useWaiting.getState();
    const heard = here.find(({ segment_id }) => waitKey(id, language, segment_id) === hear);
    settleTakes(here.map(({ segment_id }) => waitKey(id, language, segment_id)));
    if (!heard || heard.state !== "dubbed") return;
    const start = heard.take_start_s ?? heard.start_s;
    transport.setVoice("dub");
    transport.playSpan(start, start + (heard.take_duration_s ?? heard.end_s - heard.start_s) + 0.15);
  }, [id, language, rows, transport, waiting]);
  useEnd(id, language, waiting);
  useEffect(() => () => leaveTakes(id), [id]);
}

const LOOK_MS = 3000;

/** Work that was stopped or failed brings no take and tells of no line: what has no job any more is not waited for. */
function useEnd(id: string, language: string, waiting: ReadonlyMap<string, number>): void {
  const cache = useQueryClient();
  useEffect(() => {
    const asked = [...waiting.keys()].filter((key) => key.startsWith(waitKey(id, language, "")));
    if (asked.length === 0) return undefined;
    const look = async () => {
      if (await isWorking(id, language)) return;
      await cache.invalidateQueries({ queryKey: keys.lines(id, language) }); // a take that came last is not lost
      settleTakes(asked);
    };
    const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS); // away: asked again
    return () => clearInterval(timer);
  }, [cache, id, language, waiting]);
}

async function isWorking(task_id: string, language: string): Promise<boolean> {
  const open = (["pending", "processing"] as const).map((status) =>
    data(listJobs({ path: { task_id }, query: { language, status, limit: 1 } })),
  );
  return (await Promise.all(open)).some((jobs) => jobs.length > 0);
}
