import type { BatchRead, ServicesGatewayExportsSchemasDeliveryRead as DeliveryRead } from "@/api/generated";
import type { Tone } from "./progress";

/** How the files of a batch are on their way into a bucket, in one word. */
export type DeliveryStatus = "counting" | "copying" | "waiting" | "done" | "partly" | "nothing" | "failed";

/** What was copied is green only where all of it lies there; an attempt that broke off waits for the next. */
export function statusOf({ state, files, missing, next_at }: DeliveryRead): DeliveryStatus {
  if (state === "failed") return "failed";
  if (state === "copying" && next_at !== null) return "waiting";
  if (state === "copying") return files === 0 ? "counting" : "copying";
  if (files === 0) return "nothing";
  return missing.length > 0 ? "partly" : "done";
}

const TONES: Record<DeliveryStatus, Tone> = {
  counting: "busy",
  copying: "busy",
  waiting: "warn",
  done: "good",
  partly: "warn",
  nothing: "warn",
  failed: "bad",
};

export const toneOf = (delivery: DeliveryRead): Tone => TONES[statusOf(delivery)];

/** How much lies there, in percent: by bytes where they are known. */
export function shareOf({ files, done, size, size_done }: DeliveryRead): number {
  const share = size > 0 ? size_done / size : done / Math.max(1, files);
  return Math.min(100, 100 * share);
}

/** The folder as it is asked for again: below the one that is opened here. */
export function folderOf({ bucket, prefix }: DeliveryRead, opened: string): string {
  const whole = `${bucket}/${prefix}`;
  return whole.startsWith(opened) ? whole.slice(opened.length) : prefix;
}

/** A folder to suggest for a batch: its name, where a store takes it. */
export function folderFor({ name, batch_id }: Pick<BatchRead, "name" | "batch_id">): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}._ -]+/gu, "-").replaceAll(/^[.\s-]+|[\s-]+$/g, "");
  return plain || batch_id;
}

/** The first of `folder-2`, `folder-3`, … that nothing was copied into yet; after `folder-2` comes `folder-3`. */
export function anotherFolder(folder: string, taken: readonly string[]): string {
  const before = /^(.+)-\d+$/.exec(folder)?.[1];
  const stem = before && taken.includes(before) ? before : folder;
  for (let number = 2; ; number += 1) {
    if (!taken.includes(`${stem}-${number}`)) return `${stem}-${number}`;
  }
}
