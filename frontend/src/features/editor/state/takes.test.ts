import { expect, it } from "vitest";
import { TakePlayer } from "./takes";

class FakeSound {
  currentTime = 0;
  playbackRate = 1;
  ended = false;
  preload = "";
  playing = false;
  constructor(readonly url: string) {}
  play(): Promise<void> {
    this.playing = true;
    return Promise.resolve();
  }
  pause(): void {
    this.playing = false;
  }
}

function player(): { takes: TakePlayer; sounds: Map<string, FakeSound> } {
  const sounds = new Map<string, FakeSound>();
  const takes = new TakePlayer((url) => {
    const sound = new FakeSound(url);
    sounds.set(url, sound);
    return sound as unknown as HTMLAudioElement;
  });
  takes.set([
    { id: "a", url: "/a", start_s: 1, duration_s: 2 },
    { id: "b", url: "/b", start_s: 4, duration_s: 1 },
    { id: "c", url: "/c", start_s: 60, duration_s: 1 },
  ]);
  return { takes, sounds };
}

it("a line is heard from where the picture is, and the next one is loaded", () => {
  const { takes, sounds } = player();
  takes.follow(1.5, 1.25);
  expect(sounds.get("/a")).toMatchObject({ playing: true, currentTime: 0.5, playbackRate: 1.25 });
  expect(sounds.get("/b")).toMatchObject({ playing: false, preload: "auto" });
  expect(sounds.has("/c")).toBe(false);
});

it("a line begins once, and all of them stop together", () => {
  const { takes, sounds } = player();
  takes.follow(1.1, 1);
  const sound = sounds.get("/a");
  if (!sound) throw new Error("not started");
  sound.currentTime = 9;
  takes.follow(1.2, 1);
  expect(sound.currentTime).toBe(9);
  takes.stop();
  expect(sound.playing).toBe(false);
  takes.follow(1.3, 1);
  expect(sound).toMatchObject({ playing: true });
  expect(sound.currentTime).toBeCloseTo(0.3);
});

it("tells where something is spoken", () => {
  const { takes } = player();
  expect([0.5, 1, 2.9, 3, 4.5].map((time) => takes.speaks(time))).toEqual([false, true, true, false, true]);
});
