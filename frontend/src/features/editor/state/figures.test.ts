import { expect, it } from "vitest";
import { figuresOf } from "./figures";

it("tells of words that the end of the video cuts off, as far as they are heard to be", () => {
  const cut = (cut_seconds?: number) => figuresOf({ ...(cut_seconds !== undefined && { cut_seconds }) });
  expect(cut(0.42)).toEqual([{ name: "cut", value: "0.4 s" }]);
  expect([cut(0.05), cut(0), cut()]).toEqual([[], [], []]);
});
