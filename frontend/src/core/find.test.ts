import { describe, expect, it } from "vitest";
import { line, segment } from "@/test-tasks";
import { findPlaces, findRows, placesIn, replaceText } from "./find";
import { rowsOf } from "./lines";

const segments = [segment("a", 1, 2, "One (1)"), segment("b", 3, 5, "two"), segment("c", 5, 6, "three")];
const rows = rowsOf(
  segments,
  segments.slice(0, 2).map((one) => line(one, { text: `T ${one.text}` })),
);
const either = { matchCase: false, wholeWord: false };
const exact = { matchCase: true, wholeWord: false };
const words = { matchCase: false, wholeWord: true };

describe("find and replace", () => {
  it("takes the words as they are written", () => {
    expect(findRows(rows, "(1)", "source", either)).toEqual([0]);
    expect(findRows(rows, "TWO", "target", either)).toEqual([1]);
    expect(findRows(rows, "TWO", "target", exact)).toEqual([]);
    expect(findRows(rows, "", "source", either)).toEqual([]);
    expect(replaceText("a.b A.B", "a.b", "$&", either)).toBe("$& $&");
  });

  it("finds whole words in any script", () => {
    expect(placesIn("sí, así", "sí", words)).toEqual([[0, 2]]);
    expect(replaceText("Él y élite", "él", "ella", words)).toBe("ella y élite");
    expect(findPlaces(rows, "t", "target", words)).toEqual([
      { segment: "a", start: 0, end: 1 },
      { segment: "b", start: 0, end: 1 },
    ]);
  });
});
