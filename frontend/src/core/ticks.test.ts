import { expect, it } from "vitest";
import { ticks } from "./ticks";

it("a ruler has round times, far enough apart to be read", () => {
  expect(ticks(0, 10, 800)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(ticks(0, 10, 300)).toEqual([0, 5, 10]);
  expect(ticks(3599, 7201, 800)).toEqual([3600, 4200, 4800, 5400, 6000, 6600, 7200]);
  expect(ticks(1.05, 1.4, 700)).toEqual([1.1, 1.2, 1.3, 1.4]);
  expect(ticks(0, 0, 700)).toEqual([]);
});
