import type { LineChange, LineRead, SegmentRead } from "@/api/generated";

/** Lines by the segment they belong to. */
export type Lines = ReadonlyMap<string, LineRead>;

/**
 * Which language stands beside the one shown: the first of `wanted` that is another one of the task. Whoever chose one
 * keeps the language it was beside as the second wish, so the two change places when the other one is shown.
 */
export function besideOf(wanted: readonly string[], shown: string, codes: readonly string[]): string | null {
  return wanted.find((code) => code !== shown && codes.includes(code)) ?? null;
}

/** What gives lines the times of their own that `from` has: nothing where both are the same, or `from` has none. */
export function copiedTimes(segments: readonly SegmentRead[], from: Lines, to: Lines): LineChange[] {
  return segments.flatMap(({ segment_id, start_s, end_s }) => {
    const [given, taker] = [from.get(segment_id), to.get(segment_id)];
    if (!given || !taker) return [];
    if (given.start_s === start_s && given.end_s === end_s) return [];
    if (given.start_s === taker.start_s && given.end_s === taker.end_s) return [];
    return {
      segment_id,
      version: taker.version,
      start_s: given.start_s === start_s ? null : given.start_s, // goes on following the original
      end_s: given.end_s === end_s ? null : given.end_s,
    };
  });
}
