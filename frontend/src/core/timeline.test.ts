import { expect, it } from "vitest";
import { line, segment } from "@/test-tasks";
import { rowsOf } from "./lines";
import { around, clipsOf, dragged, inView, longest, panned, verdictOf, zoomed } from "./timeline";

const segments = Array.from({ length: 3000 }, (_, n) => segment(`s${n}`, n * 2, n * 2 + 1.5));
const clips = clipsOf(
  rowsOf(
    segments,
    segments.map((one) => line(one, { state: "dubbed", fit: "tight", take_key: "k", take_duration_s: 1.8 })),
  ),
  6000,
  (id) => id,
);

it("a clip knows its take and how far it may go on", () => {
  expect(clips[0]).toMatchObject({ fit: "tight", take: { start_s: 0, end_s: 1.8 }, room_s: 1.95 });
  expect(clips.at(-1)?.room_s).toBeCloseTo(5999.95);
});

it("only what is in view is looked at", () => {
  const found = inView(clips, { left_s: 1000, perSecond: 100, width: 1000 }, longest(clips));
  expect(found.length).toBeLessThan(10);
  expect(found.map(({ segment: id }) => id)).toContain("s502");
});

it("says whether a text fits, needs to be faster, or is too long", () => {
  expect(verdictOf(1.9, 1.5, 0.5)).toEqual({ kind: "fits" });
  expect(verdictOf(2.36, 1.5, 0.5)).toEqual({ kind: "faster", speed: 1.18 });
  expect(verdictOf(3.24, 1.5, 0.5)).toEqual({ kind: "long", by_s: expect.closeTo(0.4, 5) });
});

it("a drag snaps to edges, keeps the order and stays inside the video", () => {
  const times = { start_s: 2, end_s: 3 };
  expect(dragged(times, "move", 0.97, [3], 0.05, 10)).toEqual({ start_s: 3, end_s: 4 });
  expect(dragged(times, "move", 0.96, [4], 0.05, 10)).toEqual({ start_s: 3, end_s: 4 });
  expect(dragged(times, "move", 20, [], 0.05, 10)).toEqual({ start_s: 9, end_s: 10 });
  expect(dragged(times, "end", -5, [], 0.05, 10)).toEqual({ start_s: 2, end_s: 2.1 });
  expect(dragged(times, "start", 0.5, [2.52], 0.05, 10)).toEqual({ start_s: 2.52, end_s: 3 });
});

it("zooms around the pointer, never farther out than the whole video", () => {
  const view = { left_s: 10, perSecond: 50, width: 500 };
  expect(zoomed(view, 2, 250, 100)).toEqual({ left_s: 12.5, perSecond: 100, width: 500 });
  expect(zoomed(view, 0.001, 250, 100)).toEqual({ left_s: 0, perSecond: 5, width: 500 });
  expect(panned(view, 1000, 100).left_s).toBe(90);
  expect(around(view, 20, 22, 100)).toMatchObject({ left_s: 19.5 });
});
