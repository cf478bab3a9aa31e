import { describe, expect, it } from "vitest";
import { line, segment } from "@/test-tasks";
import { besideOf, copiedTimes } from "./beside";

describe("the language beside the one shown", () => {
  it("is another one of the task, and both change places", () => {
    expect(besideOf(["fr", "es"], "es", ["es", "fr", "de"])).toBe("fr");
    expect(besideOf(["fr", "es"], "fr", ["es", "fr", "de"])).toBe("es");
    expect(besideOf(["fr", "es"], "de", ["es", "fr", "de"])).toBe("fr");
  });

  it("is none where nobody chose one, or the task has it not", () => {
    expect(besideOf([], "es", ["es", "fr"])).toBeNull();
    expect(besideOf(["fr", "es"], "es", ["es", "de"])).toBeNull();
  });
});

describe("times that are copied", () => {
  const segments = ["a", "b", "c", "d", "e"].map((id, index) => segment(id, index * 2, index * 2 + 1));
  const [a, b, c, d, e] = segments;
  const byId = (...lines: ReturnType<typeof line>[]) => new Map(lines.map((one) => [one.segment_id, one]));

  it("are those of its own that the other has, and no others", () => {
    const from = byId(
      line(a!, { start_s: 0.3, moved: true }),
      line(b!, { speaker_id: "spk_2", moved: true }),
      line(c!, { start_s: 4.1, end_s: 5.2, moved: true }),
      line(d!),
      line(e!, { end_s: 9.5, moved: true }),
    );
    const to = byId(
      line(a!, { version: 7 }),
      line(b!),
      line(c!, { start_s: 4.1, end_s: 5.2, moved: true }),
      line(d!, { start_s: 6.5, moved: true }),
    );
    expect(copiedTimes(segments, from, to)).toEqual([{ segment_id: "a", version: 7, start_s: 0.3, end_s: null }]);
    expect(copiedTimes([d!], to, from)).toEqual([{ segment_id: "d", version: 1, start_s: 6.5, end_s: null }]);
  });

  it("give an edge back to the original where only the other edge is own", () => {
    const from = byId(line(a!, { end_s: 1.4, moved: true }));
    const to = byId(line(a!, { start_s: 0.2, moved: true }));
    expect(copiedTimes(segments, from, to)).toEqual([{ segment_id: "a", version: 1, start_s: null, end_s: 1.4 }]);
  });
});
