import type {
  CueEdit,
  PictureBox,
  PictureCue,
  PictureEdits,
  PictureRead,
  PictureTitle,
  PlacedText,
  SegmentRead,
} from "@/api/generated";

export type Edge = "left" | "right" | "top" | "bottom";

const LEAST = 0.02;
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), Math.max(low, high));
const rounded = ({ x, y, w, h }: PictureBox): PictureBox => {
  const round = (value: number) => Math.round(value * 1e4) / 1e4;
  return { x: round(x), y: round(y), w: round(Math.min(w, 1 - x)), h: round(Math.min(h, 1 - y)) };
};

/** What holds all rows of a cue as it was read. */
export function boxRead(cue: PictureCue): PictureBox {
  const boxes = cue.rows.map((row) => row.box);
  const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
  const right = Math.max(...boxes.map((box) => box.x + box.w));
  const bottom = Math.max(...boxes.map((box) => box.y + box.h));
  return rounded({ x, y, w: right - x, h: bottom - y });
}

/** Where it is covered: where a person said, else where it was read. */
export const boxOf = (cue: PictureCue, edits: PictureEdits): PictureBox => edits.cues?.[cue.id]?.box ?? boxRead(cue);

/** The cue that is shown at a time. */
export const cueAt = (cues: readonly PictureCue[], time: number): PictureCue | undefined =>
  cues.find((cue) => cue.start_s <= time && time < cue.end_s);

/** A box elsewhere; it stays inside of the picture. */
export function moved(box: PictureBox, right: number, down: number): PictureBox {
  return rounded({ ...box, x: clamp(box.x + right, 0, 1 - box.w), y: clamp(box.y + down, 0, 1 - box.h) });
}

/** A box with some of its edges elsewhere: inside of the picture, and never turned inside out. */
export function resized(box: PictureBox, edges: readonly Edge[], right: number, down: number): PictureBox {
  let [x0, y0, x1, y1] = [box.x, box.y, box.x + box.w, box.y + box.h];
  if (edges.includes("left")) x0 = clamp(x0 + right, 0, x1 - LEAST);
  if (edges.includes("right")) x1 = clamp(x1 + right, x0 + LEAST, 1);
  if (edges.includes("top")) y0 = clamp(y0 + down, 0, y1 - LEAST);
  if (edges.includes("bottom")) y1 = clamp(y1 + down, y0 + LEAST, 1);
  return rounded({ x: x0, y: y0, w: x1 - x0, h: y1 - y0 });
}

/** Where a picture is in a frame that it fills in one direction: left, top, width, height. */
export function fitted(frame: [number, number], picture: [number, number]): [number, number, number, number] {
  const scale = Math.min(frame[0] / picture[0], frame[1] / picture[1]);
  if (!Number.isFinite(scale)) return [0, 0, ...frame];
  const [wide, high] = [picture[0] * scale, picture[1] * scale];
  return [(frame[0] - wide) / 2, (frame[1] - high) / 2, wide, high];
}

/** What a person changed, with something else for one cue; what is left of no use is dropped. */
export function withCue(edits: PictureEdits, id: string, change: CueEdit): PictureEdits {
  const cue = { ...edits.cues?.[id], ...change };
  const { [id]: _, ...others } = edits.cues ?? {};
  return { ...edits, cues: cue.box || cue.cover ? { ...others, [id]: cue } : others };
}

const TITLE_LASTS_S = 2;

/** What a person wants of a title or sign; it is told by where it is, since its times may be corrected. */
export const placedFor = (edits: PictureEdits, title: PictureTitle): PlacedText | undefined =>
  edits.placed?.find(({ box }) => isSameBox(box, title.box));

/** A title that is covered, from when it was first seen to when it was last: it may have been there for longer. */
export const placed = (title: PictureTitle, duration: number): PlacedText => ({
  start_s: Math.max(0, title.first_s - (title.first_s === title.last_s ? TITLE_LASTS_S : 0)),
  end_s: Math.min(Math.max(duration, title.last_s), title.last_s + TITLE_LASTS_S),
  box: title.box,
});

/** What a person changed, with one title covered otherwise; null: left as it is. */
export function withPlaced(edits: PictureEdits, title: PictureTitle, text: PlacedText | null): PictureEdits {
  const others = (edits.placed ?? []).filter(({ box }) => !isSameBox(box, title.box));
  return { ...edits, placed: text ? [...others, text] : others };
}

const isSameBox = (one: PictureBox, other: PictureBox): boolean =>
  one.x === other.x && one.y === other.y && one.w === other.w && one.h === other.h;

type Times = Pick<SegmentRead, "start_s" | "end_s">;

const holds = (one: Times, other: Times): boolean => {
  const middle = (other.start_s + other.end_s) / 2;
  return one.start_s <= middle && middle < one.end_s;
};

/** Whether a line says a cue: it may be several of them, or shorter than one that is shown for longer. */
export const isSaidBy = (line: Times, cue: Times): boolean => holds(line, cue) || holds(cue, line);

/** Titles that are covered and have no text of theirs yet, nor one that is waited for. */
export const untranslated = (picture: PictureRead, language: string): PictureTitle[] =>
  (picture.words?.titles ?? []).filter((title) => {
    const set = placedFor(picture.edits, title);
    const state = picture.translations?.[language]?.[title.text]?.state;
    return set && !set.texts?.[language] && state !== "waiting" && state !== "ready";
  });

/** What a line says in the picture and what was heard meanwhile; of a cue that was read again the new text counts. */
export function readAndHeard(picture: PictureRead, segment: SegmentRead): { read: string; heard: string } {
  const cues = (picture.words?.cues ?? []).filter((cue) => isSaidBy(segment, cue));
  const joined = (texts: string[]) => {
    const between = SPACELESS.test(texts.join("")) ? "" : " ";
    return texts
      .map((text) => text.replaceAll("\n", between))
      .filter(Boolean)
      .join(between);
  };
  return {
    read: joined(cues.map((cue) => picture.readings?.[cue.id]?.reading?.text ?? cue.text)),
    heard: joined(cues.map((cue) => cue.heard ?? "")),
  };
}
