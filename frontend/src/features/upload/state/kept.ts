import type { Plan, Row } from "./store";

/** What is remembered of an unfinished upload, so that a reload does not lose it. */
export interface Kept {
  uploadId: string;
  name: string;
  path: string;
  size: number;
  modified: number;
  plan: Plan | null;
  row: Row | null;
}

const KEY = "localclip.uploads";

export function keptUploads(): Kept[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? (found as Kept[]) : [];
  } catch {
    return [];
  }
}

export function keepUploads(uploads: Kept[]): void {
  localStorage.setItem(KEY, JSON.stringify(uploads));
}

/** Whether a chosen file is the one an interrupted upload was of. */
export function isSame(
  kept: Pick<Kept, "name" | "size" | "modified">,
  file: Pick<File, "name" | "size" | "lastModified">,
): boolean {
  return kept.name === file.name && kept.size === file.size && kept.modified === file.lastModified;
}
