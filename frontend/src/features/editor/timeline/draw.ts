import { clock } from "@/core/format";
import { speakerColour } from "@/core/lines";
import { ticks } from "@/core/ticks";
import type { Clip, Fit, Times, Window } from "@/core/timeline";
import { type Lane, RULER_H } from "./layout";

export interface Peaks {
  values: ArrayLike<number>;
  perSecond: number;
}

/** What is drawn. */
export interface Scene {
  view: Window;
  height: number;
  clips: Clip[];
  lanes: Lane[];
  speakers: { speaker_id: string }[];
  selected: string | null;
  silent: ReadonlySet<string>;
  /** The clip in hand, and where it would be let go. */
  drag: { segment: string; lane: "source" | "dub"; times: Times } | null;
  peaks: Peaks;
  takes: ReadonlyMap<string, Peaks>;
}

const NAMES = [
  "line",
  "soft",
  "ink",
  "edge",
  "sunken",
  "accent",
  "good",
  "warn",
  "bad",
  "good-soft",
  "warn-soft",
  "bad-soft",
] as const;
export type Palette = Record<(typeof NAMES)[number], string>;

/** The colours of the page: those of the dark look, or of the light one. */
export function palette(_dark: boolean): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}

const FILL: Record<Fit, keyof Palette> = {
  natural: "good-soft",
  tight: "warn-soft",
  overflow: "bad-soft",
  stale: "sunken",
  none: "sunken",
};
const EDGE: Record<Fit, keyof Palette> = {
  natural: "good",
  tight: "warn",
  overflow: "bad",
  stale: "edge",
  none: "edge",
};

/** Draw the part of the timeline that is in view. */
export function draw(canvas: CanvasRenderingContext2D, scene: Scene, colours: Palette): void {
  const { view, height } = scene;
  canvas.clearRect(0, 0, view.width, height);
  ruler(canvas, scene, colours);
  for (const lane of scene.lanes) {
    canvas.fillStyle = colours.sunken;
    canvas.globalAlpha = 0.45;
    canvas.fillRect(0, lane.top, view.width, lane.height);
    canvas.globalAlpha = 1;
  }
  const dub = scene.lanes.at(-1);
  for (const clip of scene.clips) {
    const lane = scene.lanes.find(({ speaker }) => speaker === clip.speaker);
    if (lane) original(canvas, scene, colours, clip, lane);
    if (dub) dubbed(canvas, scene, colours, clip, dub);
  }
}

function ruler(canvas: CanvasRenderingContext2D, { view, height }: Scene, colours: Palette): void {
  const times = ticks(view.left_s, view.left_s + view.width / view.perSecond, view.width);
  const digits = times.every(Number.isInteger) ? 0 : 1;
  canvas.font = "11px system-ui, sans-serif";
  canvas.textBaseline = "middle";
  for (const time of times) {
    const x = Math.round((time - view.left_s) * view.perSecond) + 0.5;
    canvas.strokeStyle = colours.line;
    canvas.beginPath();
    canvas.moveTo(x, 0);
    canvas.lineTo(x, height);
    canvas.stroke();
    canvas.fillStyle = colours.soft;
    canvas.fillText(clock(time, digits), x + 4, RULER_H / 2);
  }
}

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

const boxOf = ({ start_s, end_s }: Times, { view }: Scene, { top, height }: Lane): Box => ({
  x: (start_s - view.left_s) * view.perSecond,
  y: top + 1,
  w: Math.max(2, (end_s - start_s) * view.perSecond),
  h: height - 2,
});

function panel(canvas: CanvasRenderingContext2D, { x, y, w, h }: Box): void {
  canvas.beginPath();
  canvas.roundRect(x + 0.5, y + 0.5, Math.max(1, w - 1), h - 1, 4);
}

/** A line of the original, with the sound of the video under it. */
function original(canvas: CanvasRenderingContext2D, scene: Scene, colours: Palette, clip: Clip, lane: Lane): void {
  const held = scene.drag?.segment === clip.segment && scene.drag.lane === "source" ? scene.drag.times : null;
  const times = held ?? clip.source;
  const box = boxOf(times, scene, lane);
  canvas.globalAlpha = scene.silent.has(clip.speaker) ? 0.35 : 1;
  canvas.fillStyle = speakerColour(scene.speakers, clip.speaker, 0.22);
  panel(canvas, box);
  canvas.fill();
  wave(canvas, box, scene.peaks, times.start_s, scene.view.perSecond, speakerColour(scene.speakers, clip.speaker, 0.8));
  outline(
    canvas,
    box,
    clip.segment === scene.selected ? colours.accent : speakerColour(scene.speakers, clip.speaker),
    clip.segment === scene.selected,
  );
  canvas.globalAlpha = 1;
}

/** What is said there in the dub: its slot, its take coloured by fit, what it borrows and what it has too much. */
function dubbed(canvas: CanvasRenderingContext2D, scene: Scene, colours: Palette, clip: Clip, lane: Lane): void {
  const held = scene.drag?.segment === clip.segment && scene.drag.lane === "dub" ? scene.drag.times : null;
  const slot = held ?? clip.slot;
  const chosen = clip.segment === scene.selected;
  const place = boxOf(slot, scene, lane);
  canvas.globalAlpha = scene.silent.has(clip.speaker) ? 0.35 : 1;
  canvas.setLineDash([3, 3]);
  outline(canvas, place, chosen ? colours.accent : colours.edge, false);
  canvas.setLineDash([]);
  if (clip.take) {
    const by = slot.start_s - clip.slot.start_s;
    const said = { start_s: clip.take.start_s + by, end_s: clip.take.end_s + by };
    const box = boxOf(said, scene, lane);
    canvas.fillStyle = colours[FILL[clip.fit]];
    panel(canvas, box);
    canvas.fill();
    beyond(canvas, scene, colours, lane, { from: slot.end_s, to: Math.min(said.end_s, clip.room_s) }, "borrowed");
    beyond(canvas, scene, colours, lane, { from: Math.max(slot.end_s, clip.room_s), to: said.end_s }, "over");
    const sound = scene.takes.get(clip.take.url);
    if (sound) wave(canvas, box, sound, 0, scene.view.perSecond, colours[EDGE[clip.fit]]);
    outline(canvas, box, chosen ? colours.accent : colours[EDGE[clip.fit]], chosen);
  }
  label(canvas, place, clip, colours);
  canvas.globalAlpha = 1;
}

/** The silence after its slot that a take goes on in, or the time it should not take. */
function beyond(
  canvas: CanvasRenderingContext2D,
  scene: Scene,
  colours: Palette,
  lane: Lane,
  { from, to }: { from: number; to: number },
  kind: "borrowed" | "over",
): void {
  if (to - from < 0.01) return;
  const { x, y, w, h } = boxOf({ start_s: from, end_s: to }, scene, lane);
  canvas.save();
  canvas.beginPath();
  canvas.rect(x, y, w, h);
  canvas.clip();
  canvas.strokeStyle = kind === "over" ? colours.bad : colours.good;
  canvas.globalAlpha *= kind === "over" ? 0.9 : 0.45;
  canvas.beginPath();
  for (let at = x - h; at < x + w; at += 6) {
    canvas.moveTo(at, y + h);
    canvas.lineTo(at + h, y);
  }
  canvas.stroke();
  canvas.restore();
}

function outline(canvas: CanvasRenderingContext2D, box: Box, colour: string, strong: boolean): void {
  canvas.strokeStyle = colour;
  canvas.lineWidth = strong ? 2 : 1;
  panel(canvas, box);
  canvas.stroke();
  canvas.lineWidth = 1;
}

const LABEL_FROM_PX = 36;

function label(canvas: CanvasRenderingContext2D, box: Box, clip: Clip, colours: Palette): void {
  if (box.w < LABEL_FROM_PX || !clip.text) return;
  canvas.save();
  canvas.beginPath();
  canvas.rect(Math.max(0, box.x), box.y, box.w - 4, box.h);
  canvas.clip();
  canvas.font = "11px system-ui, sans-serif";
  canvas.textBaseline = "top";
  canvas.fillStyle = colours.ink;
  canvas.fillText(clip.text, Math.max(0, box.x) + 5, box.y + 3);
  canvas.restore();
}

function wave(
  canvas: CanvasRenderingContext2D,
  box: Box,
  peaks: Peaks,
  from_s: number,
  perSecond: number,
  colour: string,
): void {
  const middle = box.y + box.h / 2;
  const first = Math.max(0, Math.floor(-box.x));
  canvas.fillStyle = colour;
  for (let x = first; x < box.w && box.x + x < canvas.canvas.clientWidth; x += 2) {
    const at = (from_s + x / perSecond) * peaks.perSecond;
    const until = Math.max(at + 1, at + (2 / perSecond) * peaks.perSecond);
    let most = 0;
    for (let i = Math.floor(at); i < until; i += 1) most = Math.max(most, Math.abs(peaks.values[i] ?? 0));
    const half = Math.max(0.5, Math.min(1, most) * (box.h / 2 - 3));
    canvas.fillRect(box.x + x, middle - half, 1.4, half * 2);
  }
}
