import { type BatchPlan, createBatch, type ManifestRow, type PlannedRow } from "@/api/generated";
import { ApiProblem, data } from "@/api/problems";
import { broughtBy } from "@/core/pairing";
import { asking, type Plan, type UploadItem } from "./store";

/** A row as an upload sees it: where it belongs, or why it does not. */
export type Place = { batch_id: string; row: number } | ApiProblem;

export interface Made {
  /** What is refused of the videos, by their paths. */
  refused: PlannedRow[];
  /** By upload; none where nothing was made. */
  places: Map<string, Place> | null;
}

/** Make the videos one batch. Where something is refused nothing is made, unless the rest is to go on without it. */
export async function makeBatch(name: string, plan: Plan, videos: UploadItem[], withoutRefused: boolean): Promise<Made> {
  const { config, start } = asking(plan);
  const body = { name, config, start, rows: manifest(videos, plan) };
  if (!withoutRefused) {
    const dry = await data(createBatch({ body, query: { dry_run: true } }));
    if (dry.refused > 0) return { refused: dry.rows.filter(isRefused), places: null };
  }
  const made = await data(createBatch({ body, query: { skip_refused: true } }));
  return { refused: made.rows.filter(isRefused), places: placesOf(made, videos) };
}

const isRefused = (row: PlannedRow) => (row.refused?.length ?? 0) > 0;

function manifest(videos: UploadItem[], { config }: Plan): ManifestRow[] {
  const taken = new Set<string>();
  return videos.map(({ path, subtitles }) => {
    const { files, source_language } = broughtBy(subtitles, config.target_languages ?? [], config.source_language ?? null);
    const translations = Object.entries(files).filter(([field]) => field.startsWith("translation_"));
    return {
      source: unlike(taken, path),
      ...(source_language ? { source_language } : {}),
      ...(files["subtitles"] ? { subtitles: files["subtitles"].name } : {}),
      translations: Object.fromEntries(translations.map(([field, file]) => [field.replace("translation_", ""), file.name])),
    } as ManifestRow;
  });
}

/** Files of the same name, chosen in different folders, are different rows. */
function unlike(taken: Set<string>, path: string): string {
  let name = path;
  for (let number = 2; taken.has(name); number += 1) name = path.replace(/(\.[^./]*)?$/, ` (${number})$1`);
  taken.add(name);
  return name;
}

function placesOf({ batch, rows }: BatchPlan, videos: UploadItem[]): Map<string, Place> {
  return new Map(
    rows.flatMap((row): [string, Place][] => {
      const video = videos[row.row - 1];
      if (!video || !batch) return [];
      const whole = row.refused?.find(({ language }) => !language) ?? (row.languages.length === 0 ? row.refused?.[0] : null);
      const place = whole ? new ApiProblem(422, whole.code, whole.detail) : { batch_id: batch.batch_id, row: row.row };
      return [[video.id, place]];
    }),
  );
}
