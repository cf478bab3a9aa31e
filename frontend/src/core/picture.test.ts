import { describe, expect, it } from "vitest";
import type { PictureCue, PictureRead, PictureTitle, SegmentRead } from "@/api/generated";
import { boxOf, boxRead, cueAt, fitted, isSaidBy, moved, placed, placedFor, readAndHeard, resized, untranslated, withCue, withPlaced } from "./picture";

const row = (y: number, w = 0.4) => ({ box: { x: 0.3, y, w, h: 0.08 }, text: "你好", confidence: 0.9 });
const cue = (id: string, start_s: number, end_s: number, text = "你好", heard = ""): PictureCue => ({ id, start_s, end_s, text, heard, rows: [row(0.8), row(0.9, 0.5)] });

describe("boxes of subtitles in the picture", () => {
  it("hold all rows of a cue, unless a person said otherwise", () => {
    expect(boxRead(cue("p1", 0, 1))).toEqual({ x: 0.3, y: 0.8, w: 0.5, h: 0.18 });
    const box = { x: 0.1, y: 0.1, w: 0.2, h: 0.2 };
    expect(boxOf(cue("p1", 0, 1), { cues: { p1: { box } } })).toEqual(box);
  });
  it("stay inside of the picture", () => {
    expect(moved({ x: 0.5, y: 0.8, w: 0.4, h: 0.1 }, 0.3, 0.3)).toEqual({ x: 0.6, y: 0.9, w: 0.4, h: 0.1 });
    expect(moved({ x: 0.1, y: 0.1, w: 0.4, h: 0.1 }, -1, -1)).toEqual({ x: 0, y: 0, w: 0.4, h: 0.1 });
  });
  it("are never turned inside out", () => {
    const box = { x: 0.2, y: 0.5, w: 0.4, h: 0.2 };
    expect(resized(box, ["left", "top"], 0.1, -0.1)).toEqual({ x: 0.3, y: 0.4, w: 0.3, h: 0.3 });
    expect(resized(box, ["right", "bottom"], -1, 1)).toEqual({ x: 0.2, y: 0.5, w: 0.02, h: 0.5 });
  });
  it("lie over the picture, not over the bars beside it", () => {
    expect(fitted([400, 300], [1600, 900])).toEqual([0, 37.5, 400, 225]);
    expect(fitted([400, 300], [0, 0])).toEqual([0, 0, 400, 300]);
  });
  it("belong to the cue that is shown", () => {
    const cues = [cue("p1", 0, 1), cue("p2", 1, 2)];
    expect(cueAt(cues, 1)?.id).toBe("p2");
    expect(cueAt(cues, 2)).toBeUndefined();
  });
});

describe("titles and signs", () => {
  const sign = { first_s: 1.5, last_s: 4, text: "出口", box: { x: 0.1, y: 0.1, w: 0.2, h: 0.1 } };
  it("are covered for as long as they were seen, and a moment around one that was seen once", () => {
    expect(placed(sign, 5)).toEqual({ start_s: 1.5, end_s: 5, box: sign.box });
    expect(placed({ ...sign, last_s: 1.5 }, 60)).toEqual({ start_s: 0, end_s: 3.5, box: sign.box });
  });
  it("are told apart by where they are, and left as they were on request", () => {
    const other = { ...placed(sign, 5), box: { x: 0.5, y: 0.5, w: 0.1, h: 0.1 } };
    const edits = withPlaced({ placed: [other] }, sign, { ...placed(sign, 5), texts: { es: "Salida" } });
    expect(placedFor(edits, sign)?.texts).toEqual({ es: "Salida" });
    expect(withPlaced(edits, sign, null)).toEqual({ placed: [other] });
  });
});

describe("what a person changed", () => {
  it("keeps what was said of other things, and nothing that says nothing", () => {
    const box = { x: 0, y: 0, w: 1, h: 0.1 };
    const edits = withCue({ placed: [] }, "p1", { box });
    expect(withCue(edits, "p1", { cover: "off" })).toEqual({ placed: [], cues: { p1: { box, cover: "off" } } });
    expect(withCue(edits, "p1", { box: null })).toEqual({ placed: [], cues: {} });
  });
});

describe("both texts of a line", () => {
  const picture = (language: string, cues: PictureCue[]): PictureRead => ({ words: { language, cues }, edits: {}, readings: {} });
  const segment = { start_s: 0, end_s: 2 } as SegmentRead;
  it("are those of its time, as its language is joined", () => {
    const cues = [cue("p1", 0, 1, "你好\n吗", "你好"), cue("p2", 1, 2, "再见"), cue("p3", 2, 3, "不")];
    expect(readAndHeard(picture("zh", cues), segment)).toEqual({ read: "你好吗再见", heard: "你好" });
    expect(readAndHeard(picture("zh", [cue("p1", 0, 1, "你好", "go on"), cue("p2", 1, 2, "好", "now")]), segment).heard).toBe("go on now");
    expect(readAndHeard(picture("en", [cue("p1", 0, 1, "Go\non"), cue("p2", 1, 2, "now")]), segment).read).toBe("Go on now");
  });
  it("take what was read again", () => {
    const reading = { box: { x: 0, y: 0, w: 1, h: 1 }, text: "你好吗" };
    const read = { ...picture("zh", [cue("p1", 0, 1)]), readings: { p1: { state: "ready" as const, box: reading.box, reading } } };
    expect(readAndHeard(read, segment).read).toBe("你好吗");
  });
});

describe("what belongs to a line", () => {
  it("is each cue it says, also where it is said for a part of the time that the cue is shown", () => {
    expect(isSaidBy({ start_s: 0, end_s: 4 }, { start_s: 0, end_s: 2 })).toBe(true);
    expect(isSaidBy({ start_s: 3, end_s: 4 }, { start_s: 0, end_s: 4 })).toBe(true);
    expect(isSaidBy({ start_s: 2, end_s: 4 }, { start_s: 0, end_s: 2 })).toBe(false);
  });
});

describe("titles to translate", () => {
  const title = (text: string, y: number): PictureTitle => ({ first_s: 0, last_s: 1, text, box: { x: 0, y, w: 0.1, h: 0.1 } });
  const [exit, way, sale] = [title("EXIT", 0.1), title("WAY", 0.3), title("SALE", 0.5)];
  const read = (translations: PictureRead["translations"]): PictureRead => ({
    words: { titles: [exit, way, sale] },
    edits: { placed: [{ ...placed(exit, 9), texts: { es: "SALIDA" } }, placed(way, 9)] },
    translations,
  });
  const left = (translations: PictureRead["translations"]) => untranslated(read(translations), "es").map(({ text }) => text);

  it("are those that are covered, say nothing yet and are not waited for", () => {
    expect(left({})).toEqual(["WAY"]);
    expect(untranslated(read({}), "fr").map(({ text }) => text)).toEqual(["EXIT", "WAY"]);
    expect(left({ es: { WAY: { state: "failed" } } })).toEqual(["WAY"]);
    expect(left({ es: { WAY: { state: "waiting" } } })).toEqual([]);
    expect(left({ es: { WAY: { state: "ready", text: "CAMINO" } } })).toEqual([]);
  });
});
