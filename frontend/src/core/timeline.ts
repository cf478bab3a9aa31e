import { type Row, spanOf } from "./lines";

/** The part of the video that is in view. */
export interface Window {
  left_s: number;
  perSecond: number;
  width: number;
}

export type Fit = "natural" | "tight" | "overflow" | "stale" | "none";

/** A line on the timeline: its original, its slot in the language at hand, and what is said there. */
export interface Clip {
  segment: string;
  number: number;
  speaker: string;
  source: { start_s: number; end_s: number };
  slot: { start_s: number; end_s: number };
  /** Until when it may go on, into the silence after it. */
  room_s: number;
  take: { start_s: number; end_s: number; url: string } | null;
  natural_s: number | null;
  fit: Fit;
  text: string;
}

const GUARD_S = 0.05;
export const AUDIBLE = 1.2;
export const TIGHT = 1.35;

function fitOf({ line }: Row): Fit {
  if (!line?.text) return "none";
  if (line.state === "stale" || line.state === "translated") return "stale";
  if (line.state === "failed") return "overflow";
  return line.fit === "tight" || line.fit === "overflow" ? line.fit : "natural";
}

/** All lines as clips, in time order; `urlOf` is where the sound of a take is. */
export function clipsOf(rows: Row[], duration: number, urlOf: (segment: string, key: string) => string): Clip[] {
  return rows.map((row, index) => {
    const { segment, line } = row;
    const slot = spanOf(row);
    const next = rows[index + 1];
    const limit = next ? spanOf(next).start_s : duration;
    const start_s = line?.take_start_s ?? slot.start_s;
    return {
      segment: segment.segment_id,
      number: index + 1,
      speaker: slot.speaker_id,
      source: { start_s: segment.start_s, end_s: segment.end_s },
      slot: { start_s: slot.start_s, end_s: slot.end_s },
      room_s: Math.max(slot.end_s, limit - GUARD_S),
      take:
        line?.take_key && line.take_duration_s !== null
          ? { start_s, end_s: start_s + line.take_duration_s, url: urlOf(segment.segment_id, line.take_key) }
          : null,
      natural_s: line?.natural_s ?? (line?.take_duration_s ? line.take_duration_s * (line.speed ?? 1) : null),
      fit: fitOf(row),
      text: line?.text ?? "",
    };
  });
}

/** Clips of which something may be in view; `longest_s` is the length of the longest. */
export function inView(clips: Clip[], view: Window, longest_s: number): Clip[] {
  const end = view.left_s + view.width / view.perSecond;
  let low = 0;
  let high = clips.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((clips[middle]?.source.start_s ?? 0) < view.left_s - longest_s) low = middle + 1;
    else high = middle;
  }
  const found: Clip[] = [];
  for (let at = low; at < clips.length; at += 1) {
    const clip = clips[at];
    if (!clip || clip.source.start_s > end + longest_s) break;
    found.push(clip);
  }
  return found;
}

/** How far a clip reaches at most. */
export function longest(clips: Clip[]): number {
  return clips.reduce((most, { source, slot, take }) => {
    const end = Math.max(source.end_s, slot.end_s, take?.end_s ?? 0);
    return Math.max(most, end - Math.min(source.start_s, slot.start_s));
  }, 1);
}

export type Verdict = { kind: "fits" } | { kind: "faster"; speed: number } | { kind: "long"; by_s: number };

/** Whether what takes `natural_s` to say fits into a slot with the silence after it, and how. */
export function verdictOf(natural_s: number, slot_s: number, gap_s: number): Verdict {
  const room = Math.max(0.05, slot_s + Math.max(0, gap_s));
  const speed = natural_s / room;
  if (speed <= 1.005) return { kind: "fits" };
  if (speed <= TIGHT) return { kind: "faster", speed };
  return { kind: "long", by_s: natural_s / TIGHT - room };
}

export interface Times {
  start_s: number;
  end_s: number;
}

export type Grip = "move" | "start" | "end";

const MIN_LENGTH_S = 0.1;
const millis = (value: number) => Math.round(value * 1000) / 1000;

/** Times after a drag by `by_s`: snapped to one of `edges` within `tolerance_s`, in order, inside the video. */
export function dragged(
  times: Times,
  grip: Grip,
  by_s: number,
  edges: number[],
  tolerance_s: number,
  duration: number,
): Times {
  const length = times.end_s - times.start_s;
  if (grip === "move") {
    const from = nearest(times.start_s + by_s, edges, tolerance_s);
    const to = nearest(times.end_s + by_s, edges, tolerance_s);
    const wanted = from ?? (to === undefined ? times.start_s + by_s : to - length);
    const start_s = Math.max(0, Math.min(wanted, duration - length));
    return { start_s: millis(start_s), end_s: millis(start_s + length) };
  }
  const at = (grip === "start" ? times.start_s : times.end_s) + by_s;
  const edge = nearest(at, edges, tolerance_s) ?? at;
  if (grip === "start")
    return { start_s: millis(Math.max(0, Math.min(edge, times.end_s - MIN_LENGTH_S))), end_s: times.end_s };
  return { start_s: times.start_s, end_s: millis(Math.min(duration, Math.max(edge, times.start_s + MIN_LENGTH_S))) };
}

function nearest(value: number, edges: number[], tolerance: number): number | undefined {
  let best: number | undefined;
  let distance = tolerance;
  for (const edge of edges) {
    if (Math.abs(edge - value) > distance) continue;
    best = edge;
    distance = Math.abs(edge - value);
  }
  return best;
}

const MAX_ZOOM = 600;

/** The view after zooming by `factor` around the point `x` pixels from the left. */
export function zoomed(view: Window, factor: number, x: number, duration: number): Window {
  const fit = view.width / Math.max(duration, 0.1);
  const perSecond = Math.min(MAX_ZOOM, Math.max(fit, view.perSecond * factor));
  return panned({ ...view, perSecond, left_s: view.left_s + x / view.perSecond - x / perSecond }, 0, duration);
}

/** The view moved by `by_s`, never beyond the video. */
export function panned(view: Window, by_s: number, duration: number): Window {
  const last = Math.max(0, duration - view.width / view.perSecond);
  return { ...view, left_s: Math.max(0, Math.min(view.left_s + by_s, last)) };
}

/** The view in which a stretch is seen whole, with some room around it. */
export function around(view: Window, start_s: number, end_s: number, duration: number): Window {
  const perSecond = Math.min(MAX_ZOOM, view.width / Math.max(0.5, (end_s - start_s) * 1.5));
  const left_s = (start_s + end_s) / 2 - view.width / perSecond / 2;
  return panned({ ...view, perSecond, left_s }, 0, duration);
}
