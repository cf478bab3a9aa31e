import { expect, it } from "vitest";
import { AMOUNTS, entered, isEverywhere, shown } from "./limits";

it("shares are shown in percent and come back as they were", () => {
  expect(shown("max_lost_speech_share", 0.02)).toEqual({ value: "2", unit: "percent", least: 0, most: 100 });
  for (const limit of AMOUNTS) for (const value of [0, 1]) expect(entered(limit, shown(limit, value).value)).toBe(value);
  expect(entered("max_lost_speech_share", "0.7")).toBe(0.007);
});

it("an empty field asks for nothing", () => {
  expect(shown("min_overlap", null).value).toBe("");
  expect(entered("min_overlap", " ")).toBe(null);
});

it("what is not said is no other limit", () => {
  expect(isEverywhere({ min_overlap: null }, {})).toBe(true);
  expect(isEverywhere({ max_p95_speed: 1.5 }, { max_p95_speed: 1.35 })).toBe(false);
  expect(isEverywhere({ export_checks: false }, {})).toBe(false);
});
