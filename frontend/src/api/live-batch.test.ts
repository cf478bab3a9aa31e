import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Batch } from "./live-batch";
import type { LiveEvent } from "./live-connection";

const progress = (language: string, value: number): LiveEvent => ({
  type: "progress",
  data: { task_id: "t", language, stage: "translation", attempt: 1, progress: value },
});

describe("a batch of events", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("keeps the newest progress of each unit and every fact in order", () => {
    const got: LiveEvent[][] = [];
    const batch = new Batch((events) => got.push(events), 250);
    for (let value = 0; value < 100; value += 1) batch.add(progress(value % 2 ? "es" : "fr", value));
    batch.add({ type: "task.created", data: {} });
    batch.add({ type: "task.deleted", data: {} });
    expect(got).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(got).toEqual([
      [{ type: "task.created", data: {} }, { type: "task.deleted", data: {} }, progress("fr", 98), progress("es", 99)],
    ]);
    vi.advanceTimersByTime(1000);
    expect(got).toHaveLength(1);
  });

  it("tells much progress half as often, and facts as soon as ever", () => {
    const got: LiveEvent[][] = [];
    const batch = new Batch((events) => got.push(events), 250);
    const crowd = () => {
      for (let unit = 0; unit < 150; unit += 1) batch.add(progress(`l${unit}`, 1));
    };
    crowd();
    vi.advanceTimersByTime(250);
    expect(got).toHaveLength(1);
    crowd();
    vi.advanceTimersByTime(499);
    expect(got).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(got).toHaveLength(2);
    batch.add(progress("es", 2));
    vi.advanceTimersByTime(100);
    batch.add({ type: "task.created", data: {} });
    vi.advanceTimersByTime(250);
    expect(got.at(-1)).toEqual([{ type: "task.created", data: {} }, progress("es", 2)]);
    batch.add(progress("es", 3));
    vi.advanceTimersByTime(250);
    expect(got).toHaveLength(4);
  });
});
