import type { Row } from "./lines";
import { spanOf } from "./lines";

interface Word {
  text: string;
  start_s: number;
  end_s: number;
}

export const wordsOf = ({ segment }: Row): Word[] => segment.words as unknown as Word[];

/** Index of the word that is said at `time`, or -1. */
export function wordAt(words: Word[], time: number): number {
  return words.findLastIndex(({ start_s }) => start_s <= time);
}

/** What most viewers read with ease; beyond it subtitles are hard to follow. */
export const READABLE_CPS = 17;

/** Characters per second that a reader of the subtitle needs, spaces not counted. */
export function readingSpeed(text: string, row: Row): number {
  const { start_s, end_s } = spanOf(row);
  return text.replaceAll(/\s/g, "").length / Math.max(0.1, end_s - start_s);
}

/** How long a changed text takes to say, by the pace of the take of the text before it; null: nothing was said yet. */
export function saidIn(text: string, { line }: Row): number | null {
  if (!line?.text || line.natural_s === null || line.natural_s === undefined) return null;
  return (line.natural_s / Math.max(1, line.text.length)) * text.length;
}
