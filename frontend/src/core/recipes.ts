import type { ExportRecipe } from "@/api/generated";

const EVERY = JSON.stringify("*");

/** What to ask the gateway for. Subtitles are burned in for one language, so that such a recipe is made once for each. */
export function recipesFor(recipe: ExportRecipe, languages: string[]): ExportRecipe[] {
  if (!recipe.burn) return [recipe];
  const text = JSON.stringify(recipe);
  return languages.map((language) => JSON.parse(text.replaceAll(EVERY, JSON.stringify(language))) as ExportRecipe);
}
