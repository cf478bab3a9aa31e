import { expect, it } from "vitest";
import type { LineRead, SegmentRead } from "@/api/generated";
import { cuts, splitAt } from "./split";

const words = [
  { text: "We", start_s: 10, end_s: 10.2 },
  { text: "want", start_s: 10.3, end_s: 10.6 },
  { text: "the", start_s: 11, end_s: 11.2 },
  { text: "sea", start_s: 11.3, end_s: 12 },
];
const segment = { segment_id: "s", start_s: 10, end_s: 12, text: "We want the sea", words } as unknown as SegmentRead;
const line = { segment_id: "s", text: "Queremos el mar" } as LineRead;
const row = { segment, line };

it("without a cursor a line is cut at the playhead, or in its middle when that is elsewhere", () => {
  expect(splitAt(row, "es", 10.9123, null)).toEqual({ at_s: 10.912 });
  expect(splitAt(row, "es", 99, null)).toEqual({ at_s: 11 });
  expect(splitAt(row, "es", 10.05, null)).toEqual({ at_s: 11 });
});

it("a cursor in the original cuts text and time between the same words, wherever the playhead is", () => {
  expect(splitAt(row, "es", 11.5, { side: "source", at: 7 })).toEqual({ at_s: 10.8, text_at: 7 });
  expect(splitAt(row, "es", 99, { side: "source", at: 12 })).toEqual({ at_s: 11.25, text_at: 12 });
});

it("a cursor in the translation cuts it there, at the playhead or at the pause nearest to that share", () => {
  const texts = { es: ["Queremos", "el mar"] };
  expect(splitAt(row, "es", 11.5, { side: "target", at: 8 })).toEqual({ at_s: 11.5, texts });
  expect(splitAt(row, "es", 99, { side: "target", at: 8 })).toEqual({ at_s: 10.8, texts });
});

it("a text that was typed, not recognized, is cut in proportion", () => {
  const typed = { segment: { ...segment, words: [], text: "我们😀想去海边" }, line };
  expect(splitAt(typed, "es", 99, { side: "source", at: 4 })).toEqual({ at_s: 11, text_at: 3 });
});

it("a cursor at an end cuts nothing", () => {
  expect([0, 3, 15, 16].map((at) => cuts("We want the sea ", at))).toEqual([false, true, false, false]);
  expect(splitAt(row, "es", 99, { side: "source", at: 0 })).toEqual({ at_s: 11 });
});
