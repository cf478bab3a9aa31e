import { useEffect } from "react";
import type { Editor } from "./context";
import { settleTakes, useWaiting } from "./waiting";

/** When a line that was asked for has its take, stop waiting and, if it was the one asked for last, let it be heard. */
export function useWaitForTakes({ language, rows, transport }: Editor): void {
  const waiting = useWaiting((state) => state.lines);
  useEffect(() => {
    const here = rows.filter(({ line }) => {
      const before = line && waiting.get(`${language}/${line.segment_id}`);
      return (
        before !== undefined && line && line.version !== before && (line.state === "dubbed" || line.state === "failed")
      );
    });
    if (here.length === 0) return;
    const { hear } = useWaiting.getState();
    const heard = here.find(({ line }) => `${language}/${line?.segment_id}` === hear)?.line;
    settleTakes(here.map(({ line }) => `${language}/${line?.segment_id}`));
    if (!heard || heard.state !== "dubbed") return;
    const start = heard.take_start_s ?? heard.start_s;
    transport.setVoice("dub");
    transport.playSpan(start, start + (heard.take_duration_s ?? heard.end_s - heard.start_s) + 0.15);
  }, [language, rows, transport, waiting]);
}
