import { expect, it } from "vitest";
import type { ExportRecipe } from "@/api/generated";
import { recipesFor } from "./recipes";

const dub = { kind: "dub", language: "*" } as const;

it("a recipe for every language is asked for once", () => {
  const master = { name: "master", audio: [dub] } as ExportRecipe;
  expect(recipesFor(master, ["es", "fr"])).toEqual([master]);
});

it("burned-in subtitles are asked for in each language", () => {
  const burned = { name: "burned", audio: [dub], burn: { language: "*" } } as ExportRecipe;
  expect(recipesFor(burned, ["es", "fr"])).toEqual([
    { name: "burned", audio: [{ ...dub, language: "es" }], burn: { language: "es" } },
    { name: "burned", audio: [{ ...dub, language: "fr" }], burn: { language: "fr" } },
  ]);
  expect(recipesFor(burned, [])).toEqual([]);
});
