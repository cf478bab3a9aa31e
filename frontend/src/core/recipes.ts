import type { ExportRead, ExportRecipe, PresetRead } from "@/api/generated";
import { tone, type Tone } from "./progress";

const EVERY = JSON.stringify("*");

/** What to ask the gateway for. Subtitles are burned in for one language, so that such a recipe is made once for each. */
export function recipesFor(recipe: ExportRecipe, languages: string[]): ExportRecipe[] {
  if (!recipe.burn) return [recipe];
  const text = JSON.stringify(recipe);
  return languages.map((language) => JSON.parse(text.replaceAll(EVERY, JSON.stringify(language))) as ExportRecipe);
}

/** The language that subtitles are burned in for. */
export function burnedIn(recipe: ExportRecipe): string | null {
  return recipe.burn?.language ?? null;
}

const every = (language: string | null | undefined) => (language && language !== "source" ? "*" : (language ?? null));

const once = (parts: unknown[][]) => [...new Set(parts.map((part) => JSON.stringify(part)))];

/** What kind of files a recipe makes, whichever languages it names. */
function shapeOf(recipe: ExportRecipe): string {
  const { kind = "video", audio = [], subtitles = [], sidecars = [], timelines = [], publication, burn, bundle = false } = recipe;
  return JSON.stringify([
    kind,
    once(audio.map((track) => [track.kind, every(track.language), track.per_speaker ?? false])),
    once(subtitles.map((track) => [every(track.language), every(track.second)])),
    burn ? [every(burn.language), every(burn.second)] : null,
    once(sidecars.map((file) => [file.format ?? "srt", every(file.language), every(file.second)])),
    once(timelines.map((one) => [every(one.language)])),
    kind === "video" ? null : (recipe.audio_format ?? "wav"),
    Boolean(publication),
    bundle,
  ]);
}

/** The preset an export was made by; the gateway keeps the recipe with its languages, not the preset's name. */
export function presetOf(recipe: ExportRecipe, presets: PresetRead[]): PresetRead | undefined {
  const shape = shapeOf(recipe);
  return presets.find((preset) => shapeOf(preset.recipe) === shape);
}

/** How an export is shown: finished is green only if every language in it is as its lines are, and passed its gate. */
export function exportTone({ status, languages }: Pick<ExportRead, "status" | "languages">): Tone {
  const doubtful = Object.values(languages ?? {}).some(({ state, gate }) => state === "older" || gate === "failed");
  return status === "completed" && doubtful ? "warn" : tone(status);
}
