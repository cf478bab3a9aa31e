// @vitest-environment jsdom
import { expect, it } from "vitest";
import { pagesOf } from "./use-task-window";

it("only the pages in view are loaded", () => {
  expect(pagesOf(0, 0, 50)).toEqual([0]);
  expect(pagesOf(48, 52, 50)).toEqual([0, 1]);
  expect(pagesOf(9940, 9999, 50)).toEqual([198, 199]);
  expect(pagesOf(0, -1, 50)).toEqual([0]);
});
