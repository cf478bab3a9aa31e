import { describe, expect, it } from "vitest";
import { ago, bytes, clock, languageName, parseClock, remaining } from "./format";

describe("times", () => {
  it("are written as a clock and read back", () => {
    expect([clock(0), clock(75.34, 1), clock(59.96, 1), clock(3725), clock(-1)]).toEqual([
      "0:00",
      "1:15.3",
      "1:00.0",
      "1:02:05",
      "0:00",
    ]);
    expect(["1:15.3", "75.3", "1:02:05", "x", "1:2:3:4", ""].map(parseClock)).toEqual([
      75.3,
      75.3,
      3725,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("left are as coarse as they are sure", () => {
    expect([0.2, 42, 240, 9000].map((seconds) => remaining(seconds, "en"))).toEqual(["1s", "42s", "4m", "3h"]);
  });

  it("ago are words for a week, then a date", () => {
    const now = Date.parse("2026-03-10T12:00:00Z");
    expect(ago("2026-03-10T11:59:50Z", "en", now)).toBe("now");
    expect(ago("2026-03-10T09:00:00Z", "en", now)).toBe("3 hours ago");
    expect(ago("2026-03-09T12:00:00Z", "zh-CN", now)).toBe("昨天");
    expect(ago("2026-01-02T12:00:00Z", "en", now)).toBe("Jan 2, 2026");
  });
});

it("sizes are decimal, with a digit where it matters", () => {
  expect([0, 999, 1500, 15_000_000, 2_340_000_000].map(bytes)).toEqual(["0 B", "999 B", "1.5 KB", "15 MB", "2.3 GB"]);
});

it("languages have a name in the language of the page, or keep their code", () => {
  expect([languageName("es", "en"), languageName("es", "zh-CN"), languageName("nonsense-", "en")]).toEqual([
    "Spanish",
    "西班牙语",
    "nonsense-",
  ]);
});
