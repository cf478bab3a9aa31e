import { expect, it } from "vitest";
import { line, segment } from "@/test-tasks";
import { rowsOf } from "./lines";
import { readingSpeed, saidIn, wordAt } from "./reading";

const one = segment("a", 0, 2);
const [row] = rowsOf([one], [line(one, { text: "abcdefghij", natural_s: 1 })]);

it("tells the word that is said, the speed of reading and the length of a changed text", () => {
  if (!row) throw new Error("no row");
  const words = [0, 0.5, 1].map((start_s) => ({ text: "x", start_s, end_s: start_s + 0.4 }));
  expect([-1, 0.45, 0.6, 9].map((time) => wordAt(words, time))).toEqual([-1, 0, 1, 2]);
  expect(readingSpeed("ab cd", row)).toBe(2);
  expect(saidIn("abcdefghijklmno", row)).toBeCloseTo(1.5);
});
