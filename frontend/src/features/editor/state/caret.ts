import { create } from "zustand";
import type { Side } from "./drafts";

export interface Caret {
  segment: string;
  side: Side;
  at: number;
}

/** Where the text cursor was last: a menu takes the focus away from the text that is to be cut. */
export const useCaret = create<{ caret: Caret | null }>(() => ({ caret: null }));

/** Whether the text cursor is in the text of a line now. */
export function isInLine(segment: string): boolean {
  const row = document.activeElement?.closest("[data-segment]");
  return document.activeElement instanceof HTMLTextAreaElement && row?.getAttribute("data-segment") === segment;
}
