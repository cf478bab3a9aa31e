import type { BatchRead, RowCounts } from "@/api/generated";
import type { Tone } from "./progress";

/** Outcomes of rows in the order they are told. */
export const OUTCOMES = [
  "completed",
  "processing",
  "pending",
  "waiting",
  "failed",
  "canceled",
  "deleted",
] as const satisfies (keyof RowCounts)[];

export type Outcome = (typeof OUTCOMES)[number];

/** Outcomes of rows that have no task to look at, or need not have one. */
export const WITHOUT_TASK = ["waiting", "canceled", "deleted"] as const satisfies Outcome[];

/** How a batch is, in one word. */
export type BatchStatus = "working" | "paused" | "approval" | "files" | "pending" | "done" | "partly" | "canceled";

export const count = (batch: BatchRead, outcome: Outcome): number => batch.rows[outcome] ?? 0;

/** What it does, or what it waits for: one that only waits for a person is never said to work, nor to be done. */
export function statusOf(batch: BatchRead): BatchStatus {
  if (batch.state === "paused" || batch.state === "canceled") return batch.state;
  if (batch.state === "completed") {
    const clean = count(batch, "failed") + count(batch, "canceled") + (batch.languages.not_passed ?? 0) === 0;
    return clean ? "done" : "partly";
  }
  if (count(batch, "processing") > 0) return "working";
  if ((batch.languages.waiting_for_approval ?? 0) > 0) return "approval";
  return count(batch, "waiting") > 0 ? "files" : "pending";
}

const TONES: Record<BatchStatus, Tone> = {
  working: "busy",
  paused: "idle",
  approval: "warn",
  files: "idle",
  pending: "idle",
  done: "good",
  partly: "warn",
  canceled: "idle",
};

export const batchTone = (batch: BatchRead): Tone => TONES[statusOf(batch)];

export const canPause = (batch: BatchRead): boolean => batch.state === "open" && batch.ended_at === null;
export const canResume = (batch: BatchRead): boolean => batch.state === "paused";
export const canCancel = (batch: BatchRead): boolean => canPause(batch) || canResume(batch);

/** Rows that another try would take up. */
export const toRetry = (batch: BatchRead): number => count(batch, "failed") + count(batch, "canceled");

export const hasFiles = ({ languages }: BatchRead): boolean => (languages.completed ?? 0) + (languages.stale ?? 0) > 0;
