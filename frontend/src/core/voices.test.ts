import { describe, expect, it } from "vitest";
import type { SpeakerRead, VoiceRead } from "@/api/generated";
import { ANY, cardsOf, mute, nameOf, pitchOf, shown } from "./voices";

const ann = { speaker_id: "spk_1", name: "Ann", f0_hz: 210 } as SpeakerRead;
const mario: VoiceRead = { kind: "stock", id: "espeak-male-5", name: "espeak-male-5", title: "Mario", f0_hz: 108, engine: "espeak-ng", languages: ["es", "fr"] };
const old: VoiceRead = { kind: "stock", id: "old-1", name: "old-1", title: "", f0_hz: null, engine: "old", languages: [] };
const clip: VoiceRead = { kind: "clip", id: "c1", name: "My clip", title: "My clip", f0_hz: 150, engine: null, languages: [] };

describe("voices to choose from", () => {
  const cards = cardsOf([ann], [mario, old, clip]);

  it("have the names people call them by, those of the video first", () => {
    expect(cards.map((card) => card.name)).toEqual(["Ann", "My clip", "Mario", "old-1"]);
    expect(nameOf({ kind: "stock", id: "espeak-male-5" }, [ann], [mario])).toBe("Mario");
    expect(nameOf({ kind: "clip", id: "gone" }, [ann], [mario])).toBe("gone");
  });

  it("are found by name, pitch, engine and kind", () => {
    expect(shown(cards, ANY)).toHaveLength(4);
    expect(shown(cards, { ...ANY, name: "mar" }).map((card) => card.name)).toEqual(["Mario"]);
    expect(shown(cards, { ...ANY, pitch: "high" }).map((card) => card.name)).toEqual(["Ann"]);
    expect(shown(cards, { ...ANY, engine: "old" }).map((card) => card.name)).toEqual(["old-1"]);
    expect(shown(cards, { ...ANY, group: "clip" }).map((card) => card.name)).toEqual(["My clip"]);
    expect([pitchOf(null), pitchOf(100), pitchOf(160), pitchOf(230)]).toEqual([null, "low", "medium", "high"]);
  });

  it("of which much is misheard are marked; what was not measured is not", () => {
    const measured = [0.4, 0.08, null].map((misheard): VoiceRead => ({ ...mario, misheard }));
    expect(cardsOf([ann], measured).map(({ unclear }) => unclear)).toEqual([false, true, false, false]);
  });

  it("tell which languages they do not speak", () => {
    expect(cards.map((card) => mute(card, ["es", "ja"]))).toEqual([[], [], ["ja"], []]);
  });
});
