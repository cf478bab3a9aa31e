import { type Row, textOf } from "./lines";

export interface FindOptions {
  matchCase: boolean;
  wholeWord: boolean;
}

/** A place where what is looked for stands. */
export interface Found {
  segment: string;
  start: number;
  end: number;
}

const EITHER: FindOptions = { matchCase: false, wholeWord: false };

function pattern(needle: string, { matchCase, wholeWord }: FindOptions): RegExp {
  const plain = needle.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const whole = String.raw`(?<![\p{L}\p{N}_])${plain}(?![\p{L}\p{N}_])`;
  return new RegExp(wholeWord ? whole : plain, matchCase ? "gu" : "giu");
}

/** Where `needle` stands in a text, as pairs of start and end. */
export function placesIn(text: string, needle: string, options: FindOptions = EITHER): [number, number][] {
  if (!needle) return [];
  return [...text.matchAll(pattern(needle, options))].map((match) => [match.index, match.index + match[0].length]);
}

/** Rows whose text holds `needle`. */
export function findRows(rows: Row[], needle: string, side: "source" | "target", options: FindOptions): number[] {
  return rows.flatMap((row, index) => (placesIn(textOf(row, side), needle, options).length > 0 ? [index] : []));
}

/** Every place in the texts of one side, in order. */
export function findPlaces(rows: Row[], needle: string, side: "source" | "target", options: FindOptions): Found[] {
  return rows.flatMap((row) =>
    placesIn(textOf(row, side), needle, options).map(([start, end]) => ({
      segment: row.segment.segment_id,
      start,
      end,
    })),
  );
}

export function replaceText(text: string, needle: string, replacement: string, options: FindOptions): string {
  return needle ? text.replace(pattern(needle, options), () => replacement) : text;
}
