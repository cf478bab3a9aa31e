import type { SubtitlePreview, TaskRead } from "./generated";
import { client } from "./generated/client.gen";
import { data } from "./problems";

/** What the file chooser offers. */
export const SUBTITLE_FILES = ".srt,.vtt,.ass,.ssa,.sbv,.ttml,.dfxp,.xml,.smi,.sub,.lrc,.tsv,.json,.txt";

const raw = (body: File) => ({
  body,
  bodySerializer: null,
  headers: { "Content-Type": "application/octet-stream" },
});

/** Bring a subtitle file as the translation into a language. Throws: ApiProblem. */
export const bringSubtitles = (task: string, language: string, file: File): Promise<TaskRead> =>
  data(
    client.put({ url: `/api/tasks/${task}/languages/${language}/subtitles`, ...raw(file) }) as Promise<{
      data?: TaskRead;
    }>,
  );

/** What bringing it would do. Throws: ApiProblem. */
export const lookAtSubtitles = (task_id: string, language: string, file: File): Promise<SubtitlePreview> =>
  data(
    client.post({ url: `/api/tasks/${task_id}/languages/${language}/subtitles/preview`, ...raw(file) }) as Promise<{
      data?: SubtitlePreview;
    }>,
  );
