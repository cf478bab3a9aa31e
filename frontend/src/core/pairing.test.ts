import { expect, it } from "vitest";
import { broughtBy, commonName, pairByName } from "./pairing";

const found = (...paths: string[]) => paths.map((path) => ({ path, file: path }));

it("subtitles go with the video of their name, in their own folder", () => {
  const paired = pairByName(found("a/talk.mp4", "a/talk.es.srt", "a/talk.srt", "b/talk.mov", "b/talk.JA.vtt", "lone.fr.srt"));
  expect(paired).toEqual([
    { path: "a/talk.mp4", file: "a/talk.mp4", subtitles: { es: "a/talk.es.srt", "": "a/talk.srt" } },
    { path: "b/talk.mov", file: "b/talk.mov", subtitles: { ja: "b/talk.JA.vtt" } },
    { path: "lone.fr.srt", file: "lone.fr.srt", subtitles: {} },
  ]);
  expect(pairByName(found("talk.es.mp4", "talk.es.srt"))[0]?.subtitles).toEqual({ "": "talk.es.srt" });
});

it("Chinese is called by its script or region too, and one file of it counts", () => {
  for (const tag of ["zh", "zh-Hant", "zh-Hans", "zh_TW", "ZH-cn"])
    expect(pairByName(found("talk.mp4", `talk.${tag}.srt`))).toEqual([
      { path: "talk.mp4", file: "talk.mp4", subtitles: { zh: `talk.${tag}.srt` } },
    ]);
  const [talk, other] = pairByName(found("talk.zh-Hant.srt", "talk.mp4", "talk.zh-Hans.srt"));
  expect([talk?.subtitles, other?.path]).toEqual([{ zh: "talk.zh-Hans.srt" }, "talk.zh-Hant.srt"]);
  expect(pairByName(found("talk.mp4", "talk.ru.srt", "talk.zh-Latn.srt", "talk.old.srt")).map(({ path }) => path)).toEqual([
    "talk.mp4",
    "talk.old.srt",
    "talk.ru.srt",
    "talk.zh-Latn.srt",
  ]);
});

it("they are translations of targets, or what is said", () => {
  const subtitles = { es: "es", en: "en", "": "plain" };
  expect(broughtBy(subtitles, ["es"], "en")).toEqual({ files: { translation_es: "es", subtitles: "en" }, source_language: "en" });
  expect(broughtBy(subtitles, ["es"], null)).toEqual({ files: { translation_es: "es", subtitles: "en" }, source_language: "en" });
  expect(broughtBy({ "": "plain" }, ["es"], null)).toEqual({ files: {}, source_language: null });
  expect(broughtBy({ "": "plain" }, ["es"], "en").files).toEqual({ subtitles: "plain" });
  expect(broughtBy({ ja: "ja" }, ["es"], "en").files).toEqual({});
});

it("what they have in common names them", () => {
  expect(commonName(["Season/a.mp4", "Season/x/b.mp4"])).toBe("Season");
  expect(commonName(["Episode 01.mp4", "Episode 02.mp4"])).toBe("Episode");
  expect(commonName(["a.mp4", "b.mp4"])).toBe("");
});
