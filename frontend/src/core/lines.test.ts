import { describe, expect, it } from "vitest";
import { line, segment } from "@/test-tasks";
import {
  called,
  changedLines,
  issuesOf,
  judgedIn,
  rowAfter,
  rowAt,
  rowsOf,
  settleEdges,
  snap,
  spanOf,
} from "./lines";

const segments = [segment("a", 1, 2, "One (1)"), segment("b", 3, 5, "two"), segment("c", 5, 6, "three")];
const rows = rowsOf(
  segments,
  segments.slice(0, 2).map((one) => line(one, { text: `T ${one.text}` })),
);

it("calls speakers that nobody has named as the page does", () => {
  const speakers = ["Speaker 1", "Anna", "Speaker 12", "Speaker One"].map((name) => ({ name }));
  expect(called(speakers, (number) => `说话人 ${number}`).map(({ name }) => name)).toEqual(["说话人 1", "Anna", "说话人 12", "Speaker One"]);
});

describe("rows", () => {
  it("put a line beside its segment, or nothing", () => {
    expect(rows.map((row) => row.line?.segment_id)).toEqual(["a", "b", undefined]);
  });

  it("are found by time, edges belonging to the row that begins", () => {
    expect([0, 1, 1.99, 2, 4, 5, 6].map((time) => rowAt(rows, time))).toEqual([-1, 0, 0, -1, 1, 2, -1]);
    expect([0, 2.5, 9].map((time) => rowAfter(rows, time))).toEqual([0, 1, 3]);
    expect(rowAt([], 1)).toBe(-1);
  });

  it.each([
    [{ state: "failed" as const }, ["failed"]],
    [{ state: "dubbed" as const, fit: "overflow" }, ["overflow"]],
    [{ state: "stale" as const, fit: "tight", source_changed: true }, ["stale", "source_changed"]],
    [{ state: "dubbed" as const, fit: "tight" }, ["tight"]],
    [{ state: "translated" as const }, ["missing"]],
    [{}, []],
  ])("have issues, worst first: %j", (values, expected) => {
    expect(issuesOf({ segment: segments[0]!, line: line(segments[0]!, values) }, false)).toEqual(expected);
  });

  it("have what only the gateway can judge, while it speaks of the same version", () => {
    const one = line(segments[0]!, { fit: "tight", version: 3 });
    const reasons = [
      { code: "misheard", text: "" },
      { code: "unspoken", text: "" },
    ];
    const judged = (version: number) => ({ ...one, version, language: "es", score: 50, issue: true, reasons });
    const row = { segment: segments[0]!, line: one };
    expect(issuesOf(row, false, judged(3))).toEqual(["missing", "misheard", "tight"]);
    expect(issuesOf(row, false, judged(2))).toEqual(["tight"]);
    expect([...judgedIn([judged(3)], "es").keys()]).toEqual(["a"]);
    expect(judgedIn([judged(3)], "fr").size).toBe(0);
  });

  it("are where their language has them, and edges stop there", () => {
    const moved = line(segments[1]!, { start_s: 2.5, end_s: 4, speaker_id: "spk_1", moved: true });
    const own = rowsOf(segments, [line(segments[0]!, { start_s: 0 }), moved]);
    expect(own.map((row) => [spanOf(row).start_s, spanOf(row).speaker_id])).toEqual([
      [1, segments[0]!.speaker_id],
      [2.5, "spk_1"],
      [5, segments[2]!.speaker_id],
    ]);
    expect(settleEdges(own, "a", 1, 2.9, 10, 0)).toEqual({ start_s: 1, end_s: 2.5 });
    expect(settleEdges(own, "c", 3.8, 6, 10, 0)).toEqual({ start_s: 4, end_s: 6 });
  });

  it("do not complain about what is still being made", () => {
    expect(issuesOf({ segment: segments[0]!, line: undefined }, true)).toEqual([]);
    expect(issuesOf({ segment: segments[0]!, line: line(segments[0]!, { state: "pending" }) }, true)).toEqual([]);
  });

  it("tell which lines sound other than they read", () => {
    const changed = segments.map((one, index) =>
      line(one, [{ state: "stale" as const }, { state: "translated" as const, edited: true }, {}][index]),
    );
    expect(changedLines(rowsOf(segments, changed)).map((one) => one.segment_id)).toEqual(["a", "b"]);
  });
});

describe("edges", () => {
  it("snap to what is near", () => {
    expect(snap(1.04, [1, 2], 0.05)).toBe(1);
    expect(snap(1.06, [1, 2], 0.05)).toBe(1.06);
  });

  it("stay off the neighbours, inside the video and in order", () => {
    expect(settleEdges(rows, "b", 1.5, 5.5, 10, 0)).toEqual({ start_s: 2, end_s: 5 });
    expect(settleEdges(rows, "c", 5.02, 12, 10, 0.1)).toEqual({ start_s: 5, end_s: 10 });
    expect(settleEdges(rows, "b", 4, 3, 10, 0)).toEqual({ start_s: 4, end_s: 4.1 });
  });
});
