import { expect, it } from "vitest";
import type { BatchRead } from "@/api/generated";
import { batchTone, canCancel, canPause, statusOf, toRetry } from "./batches";

const batch = (values: Partial<BatchRead>): BatchRead => ({
  batch_id: "batch_1",
  name: "Season",
  state: "open",
  metadata: {},
  rows_total: 3,
  rows: {},
  languages: {},
  progress: 10,
  eta_seconds: null,
  round: 1,
  created_at: "2026-01-01T00:00:00Z",
  ended_at: null,
  delivers_to: null,
  ...values,
});

it("a batch that waits for somebody is neither at work nor done", () => {
  expect(statusOf(batch({ rows: { pending: 2, waiting: 1 }, languages: { waiting_for_approval: 2 } }))).toBe("approval");
  expect(statusOf(batch({ rows: { completed: 2, waiting: 1 } }))).toBe("files");
  expect(statusOf(batch({ rows: { pending: 3 } }))).toBe("pending");
  expect(statusOf(batch({ rows: { processing: 1, waiting: 2 }, languages: { waiting_for_approval: 2 } }))).toBe("working");
});

it("it is green only where everything was made and passed", () => {
  const over = { state: "completed", ended_at: "2026-01-01T01:00:00Z" } as const;
  expect(batchTone(batch({ ...over, rows: { completed: 3 } }))).toBe("good");
  expect(batchTone(batch({ ...over, rows: { completed: 2, failed: 1 } }))).toBe("warn");
  expect(batchTone(batch({ ...over, rows: { completed: 3 }, languages: { not_passed: 1 } }))).toBe("warn");
});

it("what can be done with it goes by its state", () => {
  expect([batch({}), batch({ state: "paused" }), batch({ state: "canceled" })].map(canPause)).toEqual([true, false, false]);
  expect([batch({}), batch({ state: "paused" }), batch({ state: "completed" })].map(canCancel)).toEqual([true, true, false]);
  expect(toRetry(batch({ rows: { failed: 2, canceled: 1, completed: 4 } }))).toBe(3);
});
