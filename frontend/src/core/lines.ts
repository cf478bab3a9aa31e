import type { LineRead, ReviewLine, SegmentRead } from "@/api/generated";

/** A source line and, where it was made, the line of the language at hand. */
export interface Row {
  segment: SegmentRead;
  line: LineRead | undefined;
}

export function rowsOf(segments: SegmentRead[], lines: LineRead[]): Row[] {
  const byId = new Map(lines.map((line) => [line.segment_id, line]));
  return segments.map((segment) => ({ segment, line: byId.get(segment.segment_id) }));
}

const ORDER = [
  "failed",
  "overflow",
  "missing",
  "stale",
  "source_changed",
  "misheard",
  "tight",
  "unlike",
  "forbidden_word",
  "other_register",
  "doubtful_source",
] as const;

export type Issue = (typeof ORDER)[number];

/** How the gateway's reasons are called here: a line without a take is `missing` before its language is exported, too. */
const RENAMED: Readonly<Record<string, string>> = { unspoken: "missing" };

/**
 * What a person should look at, worst first. What the line itself tells counts at once, what only the gateway can judge
 * when its review has come. `busy`: what is missing is still being made.
 */
export function issuesOf({ line }: Row, busy: boolean, review?: ReviewLine): Issue[] {
  if (!line) return busy ? [] : ["missing"];
  const found = new Set<string>();
  const sameText = review?.version === line.version;
  for (const { code } of sameText ? review.reasons : []) found.add(RENAMED[code] ?? code);
  if (line.state === "failed") found.add("failed");
  if (line.state === "stale") found.add("stale");
  if (line.source_changed) found.add("source_changed");
  if (line.state === "dubbed" && line.fit === "overflow") found.add("overflow");
  if (line.state === "dubbed" && line.fit === "tight") found.add("tight");
  if (!busy && (line.state === "pending" || line.state === "translated")) found.add("missing");
  return ORDER.filter((issue) => found.has(issue));
}

export interface Span {
  start_s: number;
  end_s: number;
  speaker_id: string;
}

/** When a line is spoken and by whom: as the original, unless its language has it otherwise. */
export function spanOf({ segment, line }: Row): Span {
  return line?.moved ? line : segment;
}

/** What the review says of the lines of one language. */
export function judgedIn(review: ReviewLine[], language: string): ReadonlyMap<string, ReviewLine> {
  return new Map(review.flatMap((line) => (line.language === language ? [[line.segment_id, line] as const] : [])));
}

/** Lines whose sound is not what their text says. */
export function changedLines(rows: Row[]): LineRead[] {
  return rows.flatMap(({ line }) =>
    line && line.text && (line.state === "stale" || (line.state === "translated" && line.edited)) ? [line] : [],
  );
}

/** Index of the row that is heard at `time`, or -1; rows are in time order. */
export function rowAt(rows: Row[], time: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const segment = rows[middle]?.segment;
    if (!segment) return -1;
    if (time < segment.start_s) high = middle - 1;
    else if (time >= segment.end_s) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** Index of the first row that begins after `time`; the number of rows when there is none. */
export function rowAfter(rows: Row[], time: number): number {
  const found = rows.findIndex(({ segment }) => segment.start_s > time);
  return found < 0 ? rows.length : found;
}

/** The candidate next to `value`, if it is no farther than `tolerance`. */
export function snap(value: number, candidates: number[], tolerance: number): number {
  let best = value;
  let distance = tolerance;
  for (const candidate of candidates) {
    if (Math.abs(candidate - value) <= distance) {
      best = candidate;
      distance = Math.abs(candidate - value);
    }
  }
  return best;
}

const MIN_LENGTH_S = 0.1;

const round = (value: number) => Math.round(value * 1000) / 1000;

/** Edges after a drag: snapped to neighbours, inside the video, in order, not over the neighbours. */
export function settleEdges(
  rows: Row[],
  id: string,
  start: number,
  end: number,
  duration: number,
  tolerance: number,
): { start_s: number; end_s: number } {
  const at = rows.findIndex(({ segment }) => segment.segment_id === id);
  const [previous, next] = [rows[at - 1], rows[at + 1]];
  const before = previous ? spanOf(previous).end_s : 0;
  const after = next ? spanOf(next).start_s : duration;
  const from = Math.max(before, Math.min(snap(start, [before], tolerance), after - MIN_LENGTH_S));
  const to = Math.min(after, Math.max(snap(end, [after], tolerance), from + MIN_LENGTH_S));
  return { start_s: round(from), end_s: round(to) };
}

export function textOf(row: Row, side: "source" | "target"): string {
  return side === "source" ? row.segment.text : (row.line?.text ?? "");
}

const HUES = [262, 155, 45, 325, 205, 95, 15, 290, 180, 70];

/** `speakers`, those that nobody has named yet as the page calls them: the diarizer numbers them in English. */
export function called<S extends { name: string }>(speakers: S[], numbered: (number: string) => string): S[] {
  return speakers.map((speaker) => {
    const number = /^Speaker (\d+)$/.exec(speaker.name)?.[1];
    return number ? { ...speaker, name: numbered(number) } : speaker;
  });
}

/** Every speaker has a colour of their own, the same on timeline, list and panel. */
export function speakerColour(speakers: { speaker_id: string }[], id: string, alpha = 1): string {
  const index = Math.max(
    0,
    speakers.findIndex((speaker) => speaker.speaker_id === id),
  );
  return `oklch(0.62 0.14 ${HUES[index % HUES.length]} / ${alpha})`;
}
