import { expect, it } from "vitest";
import { isSame } from "./kept";
import { Rate } from "./rate";

it("the speed is that of the last seconds", () => {
  const rate = new Rate();
  rate.add(0, 0);
  expect(rate.perSecond()).toBeNull();
  rate.add(1000, 1000);
  expect(rate.perSecond()).toBe(1000);
  for (let second = 10; second <= 20; second += 1) rate.add(1000 + second * 50, second * 1000);
  expect(rate.perSecond()).toBe(50);
});

it("a file is known again by name, size and time", () => {
  const kept = { name: "a.mp4", size: 5, modified: 7 };
  expect(isSame(kept, { name: "a.mp4", size: 5, lastModified: 7 })).toBe(true);
  expect(isSame(kept, { name: "a.mp4", size: 5, lastModified: 8 })).toBe(false);
});
