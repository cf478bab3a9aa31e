import type { SpeakerRead } from "@/api/generated";

export const RULER_H = 20;
const SPEAKER_H = 30;
const DUB_H = 46;
const GAP = 3;

/** A strip of the timeline: what one speaker says in the original, or the dub. */
export interface Lane {
  key: string;
  /** null: the dub of all. */
  speaker: string | null;
  top: number;
  height: number;
}

/** One lane for each speaker, and one for the dub below them. */
export function lanesOf(speakers: SpeakerRead[]): Lane[] {
  const lanes = speakers.map(({ speaker_id }, index) => ({
    key: speaker_id,
    speaker: speaker_id,
    top: RULER_H + index * (SPEAKER_H + GAP),
    height: SPEAKER_H,
  }));
  const top = RULER_H + speakers.length * (SPEAKER_H + GAP);
  return [...lanes, { key: "dub", speaker: null, top, height: DUB_H }];
}

export const heightOf = (lanes: Lane[]): number => {
  const last = lanes.at(-1);
  return last ? last.top + last.height + GAP : RULER_H;
};
