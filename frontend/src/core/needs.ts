import type { LanguageRead, LanguageStatus, TaskRead } from "@/api/generated";
import { BASE, targets } from "./progress";

/** What stands in the way of a dub into this language on this installation; null: nothing. */
export function obstacle(language: LanguageRead, source: string | null): "no_voice" | "no_translation" | null {
  if (language.voices.length === 0) return "no_voice";
  const from = [...language.translated_from, ...(language.translated_from_sound ?? [])];
  const possible = source ? from.includes(source) || source === language.code : from.length > 0;
  return possible ? null : "no_translation";
}

/** Languages of a task that nobody here translates, whether or not it was tried, and nobody brought a translation of. */
export function needing(task: TaskRead, languages: LanguageRead[]): string[] {
  const source = task.source_language ?? task.config.source_language ?? null;
  return targets(task).flatMap(([code, state]) => {
    const language = languages.find((one) => one.code === code);
    const begun = state.error_code !== "language_unsupported" && (state.status !== "pending" || state.stages?.["translation"]?.["attempt"] !== undefined);
    return language && !begun && !state.brought && obstacle(language, source) === "no_translation" ? [code] : [];
  });
}

/** What failed of a language, or before it of the whole video; not that nobody translates it, for which subtitles help. */
export function failureOf(task: TaskRead, language: string): LanguageStatus | null {
  const base = task.language_status[BASE];
  if (base?.status === "failed") return base;
  const state = task.language_status[language];
  if (state?.status !== "failed") return null;
  const untranslated = state.error_code === "language_unsupported" && state.stages?.["translation"]?.["status"] === "failed";
  return untranslated ? null : state;
}
