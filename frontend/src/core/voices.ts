import type { SpeakerRead, VoiceChoice, VoiceRead } from "@/api/generated";

export type Pitch = "low" | "medium" | "high";

/** A voice to choose, whatever it is: one that comes with an engine, a clip, or that of somebody in the video. */
export interface Card {
  /** Null: like the speaker. */
  voice: VoiceChoice | null;
  name: string;
  group: "video" | "stock" | "clip";
  engine: string | null;
  pitch: Pitch | null;
  /** Languages it speaks; empty: any. */
  languages: string[];
  /** Much of what it says is understood wrong. */
  unclear: boolean;
}

export interface Wanted {
  name: string;
  group: Card["group"] | "all";
  pitch: Pitch | "all";
  engine: string;
}

export const ANY: Wanted = { name: "", group: "all", pitch: "all", engine: "" };

/** Share of misheard words: of the voices that were measured, good ones stay below half of it. */
const UNCLEAR = 0.2;
const MEDIUM_HZ = 140;
const HIGH_HZ = 190;

export function pitchOf(hz: number | null | undefined): Pitch | null {
  if (!hz) return null;
  return hz < MEDIUM_HZ ? "low" : hz < HIGH_HZ ? "medium" : "high";
}

export const voiceKey = (voice: VoiceChoice | null): string => (voice ? `${voice.kind}:${voice.id}` : "own");

/** Speakers of the video first, then clips, then what comes with the engines. */
export function cardsOf(speakers: SpeakerRead[], voices: VoiceRead[]): Card[] {
  const people = speakers.map(
    (one): Card => ({
      voice: { kind: "speaker", id: one.speaker_id },
      name: one.name,
      group: "video",
      engine: null,
      pitch: pitchOf(one.f0_hz),
      languages: [],
      unclear: false,
    }),
  );
  const others = voices.map(
    (one): Card => ({
      voice: { kind: one.kind, id: one.id },
      name: one.title || one.name || one.id,
      group: one.kind,
      engine: one.engine ?? null,
      pitch: pitchOf(one.f0_hz),
      languages: one.languages ?? [],
      unclear: (one.misheard ?? 0) >= UNCLEAR,
    }),
  );
  return [...people, ...others.filter((one) => one.group === "clip"), ...others.filter((one) => one.group === "stock")];
}

export function shown(cards: Card[], wanted: Wanted): Card[] {
  const name = wanted.name.trim().toLocaleLowerCase();
  return cards.filter(
    (card) =>
      (wanted.group === "all" || card.group === wanted.group) &&
      (wanted.pitch === "all" || card.pitch === wanted.pitch) &&
      (wanted.engine === "" || card.engine === wanted.engine) &&
      (name === "" || card.name.toLocaleLowerCase().includes(name)),
  );
}

/** Which of `targets` a voice does not speak. */
export const mute = (card: Card, targets: string[]): string[] =>
  card.languages.length === 0 ? [] : targets.filter((code) => !card.languages.includes(code));

/** How a choice is called. */
export function nameOf(voice: VoiceChoice, speakers: SpeakerRead[], voices: VoiceRead[]): string {
  const card = cardsOf(speakers, voices).find((one) => voiceKey(one.voice) === voiceKey(voice));
  return card?.name ?? voice.id;
}
