import type { SegmentRead, SegmentSplit } from "@/api/generated";
import type { Row } from "./lines";

/** Where the text cursor is, in characters of the saved text. */
export interface TextPlace {
  side: "source" | "target";
  at: number;
}

interface Word {
  text: string;
  start_s: number;
  end_s: number;
}

const MARGIN_S = 0.1;

const millis = (time: number) => Math.round(time * 1000) / 1000;

/** The pause between recognized words that is nearest to `share` of their letters. */
function pauseAt(segment: SegmentRead, share: number): number | undefined {
  const words = segment.words as unknown as Word[];
  const total = words.reduce((sum, { text }) => sum + text.length, 0);
  let [best, distance, letters] = [0, Infinity, 0];
  for (let after = 1; after < words.length; after += 1) {
    letters += words[after - 1]?.text.length ?? 0;
    const off = Math.abs(letters / total - share);
    if (off < distance) [best, distance] = [after, off];
  }
  const [left, right] = [words[best - 1], words[best]];
  return left && right ? (left.end_s + right.start_s) / 2 : undefined;
}

/** Whether there is text on both sides of a place. */
export function cuts(text: string, at: number): boolean {
  return text.slice(0, at).trim() !== "" && text.slice(at).trim() !== "";
}

/**
 * Where a line is cut: its text where the cursor is, and its time at the playhead when that is inside the line. In the
 * original the words know their times, so that the text decides both. Without a place in the text the time decides.
 */
export function splitAt(row: Row, language: string, playhead: number, place: TextPlace | null): SegmentSplit {
  const { segment, line } = row;
  const length = segment.end_s - segment.start_s;
  const inside = playhead > segment.start_s + MARGIN_S && playhead < segment.end_s - MARGIN_S;
  const text = place?.side === "target" ? (line?.text ?? "") : segment.text;
  if (!place || !cuts(text, place.at)) return { at_s: millis(inside ? playhead : segment.start_s + length / 2) };
  const share = place.at / text.length;
  const spoken = pauseAt(segment, share) ?? segment.start_s + share * length;
  if (place.side === "source") {
    const points = Array.from(text.slice(0, place.at)).length; // the gateway counts characters, not UTF-16 units
    return { at_s: millis(spoken), text_at: points };
  }
  const halves: [string, string] = [text.slice(0, place.at).trim(), text.slice(place.at).trim()];
  return { at_s: millis(inside ? playhead : spoken), texts: { [language]: halves } };
}
