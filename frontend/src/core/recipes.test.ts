import { expect, it } from "vitest";
import type { ExportRecipe, PresetRead } from "@/api/generated";
import { burnedIn, exportTone, presetOf, recipesFor } from "./recipes";

const dub = { kind: "dub", language: "*" } as const;
const original = { kind: "original" } as const;
const master: ExportRecipe = { audio: [dub, original], subtitles: [{ language: "*" }, { language: "source" }] };
const burned: ExportRecipe = { audio: [dub], burn: { language: "*" } };

it("a recipe for every language is asked for once", () => {
  expect(recipesFor(master, ["es", "fr"])).toEqual([master]);
});

it("burned-in subtitles are asked for in each language", () => {
  const made = recipesFor(burned, ["es", "fr"]);
  expect(made).toEqual([
    { audio: [{ ...dub, language: "es" }], burn: { language: "es" } },
    { audio: [{ ...dub, language: "fr" }], burn: { language: "fr" } },
  ]);
  expect(made.map(burnedIn)).toEqual(["es", "fr"]);
  expect(recipesFor(burned, [])).toEqual([]);
});

it("an export is named by the preset whose languages it spells out", () => {
  const presets = [
    { name: "master", recipe: master },
    { name: "dub_only", recipe: { audio: [dub], subtitles: [{ language: "*" }] } },
    { name: "burned", recipe: burned },
    { name: "editing", recipe: { ...master, timelines: [{ language: "*" }], bundle: true } },
    { name: "wav", recipe: { kind: "audio", audio: [dub] } },
    { name: "youtube", recipe: { kind: "audio", audio: [dub], audio_format: "m4a", publication: {} } },
    { name: "mp3", recipe: { kind: "audio", audio: [dub], audio_format: "mp3" } },
  ] as PresetRead[];
  const made: ExportRecipe = {
    audio: [
      { ...dub, language: "es", default: true },
      { ...dub, language: "fr" },
      { ...original, language: null },
    ],
    subtitles: [{ language: "es" }, { language: "fr" }, { language: "source", second: null }],
    burn: null,
  };
  expect(presetOf(made, presets)?.name).toBe("master");
  expect(presetOf({ ...made, bundle: true }, presets)).toBeUndefined();
  expect(presetOf({ ...made, timelines: [{ language: "es" }], bundle: true }, presets)?.name).toBe("editing");
  expect(presetOf({ audio: [{ ...dub, language: "fr" }], burn: { language: "fr" } }, presets)?.name).toBe("burned");
  const kit: ExportRecipe = { kind: "audio", audio: [{ ...dub, language: "es" }], audio_format: "m4a" };
  expect(presetOf({ ...kit, publication: { title: "A talk" } }, presets)?.name).toBe("youtube");
  expect(presetOf({ kind: "audio", audio: [{ ...dub, language: "es" }], audio_format: "mp3" }, presets)?.name).toBe(
    "mp3",
  );
});

it("an export is green only if all its languages are current and passed", () => {
  const es = { state: "current", lines_unspoken: 0, lines_failed: 0, gate: "passed" } as const;
  const look = (...languages: object[]) => exportTone({ status: "completed", languages: Object.fromEntries(languages.map((one, n) => [String(n), { ...es, ...one }])) });
  expect([look(), look({}), look({}, { gate: "failed" }), look({ state: "older" }, {})]).toEqual(["good", "good", "warn", "warn"]);
  expect(exportTone({ status: "failed", languages: { es: { ...es, gate: "failed" } } })).toBe("bad");
});
