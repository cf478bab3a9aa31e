import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { Artifact, LineRead } from "@/api/generated";
import { artifactsQuery } from "@/api/queries";
import type { Editor } from "./context";
import { useView } from "./view";
import type { Spoken } from "./takes";

/** Where the sound of a take is; the address changes with the take. */
export function takeUrl(task: string, language: string, segment: string, key: string): string {
  return `/api/tasks/${task}/languages/${language}/takes/${segment}?take=${encodeURIComponent(key.slice(-24))}`;
}

/** Takes as they are heard in their place. */
export function spokenLines(task: string, language: string, lines: LineRead[]): Spoken[] {
  return lines.flatMap((line) => {
    if (!line.take_key || line.take_duration_s === null) return [];
    const url = takeUrl(task, language, line.segment_id, line.take_key);
    return [{ id: line.segment_id, url, start_s: line.take_start_s ?? line.start_s, duration_s: line.take_duration_s }];
  });
}

/** The dubbed video, or the dubbed sound where there is no picture. */
export function exportOf(artifacts: Artifact[], language: string): Artifact | undefined {
  return artifacts.find((file) => file.language === language && /^(video|audio)\//.test(file.media_type));
}

/** The exported file while it is current and everybody is heard, else the takes that are finished. */
export function useDubSource({ task, language, rows, transport }: Editor): string | null {
  const { data: artifacts = [] } = useQuery(artifactsQuery(task.task_id));
  const current = task.language_status[language]?.status === "completed";
  const file = current ? exportOf(artifacts, language) : undefined;
  const silent = useView((state) => state.silent);
  const exportUrl = file && silent.size === 0 ? `${file.url}?v=${encodeURIComponent(file.etag)}` : null;
  const spoken = useMemo(
    () =>
      spokenLines(
        task.task_id,
        language,
        rows.flatMap(({ line }) => (line && !silent.has(line.speaker_id) ? [line] : [])),
      ),
    [task.task_id, language, rows, silent],
  );
  useEffect(() => transport.setDub({ exportUrl, spoken }), [transport, exportUrl, spoken]);
  return exportUrl;
}
