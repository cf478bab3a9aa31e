/** Sound of single lines: plays what is finished while the rest is still being made. */

export interface Spoken {
  id: string;
  url: string;
  start_s: number;
  duration_s: number;
}

const AHEAD_S = 6;
const KEPT = 12;

export class TakePlayer {
  private spoken: Spoken[] = [];
  private volume = 1;
  private readonly sounds = new Map<string, HTMLAudioElement>();
  private playing = new Map<string, HTMLAudioElement>();

  constructor(private readonly create: (url: string) => HTMLAudioElement = (url) => new Audio(url)) {}

  setVolume(volume: number): void {
    this.volume = volume;
    for (const sound of this.playing.values()) sound.volume = volume;
  }

  /** The lines that have a take, in time order. */
  set(spoken: Spoken[]): void {
    this.spoken = spoken;
  }

  get available(): boolean {
    return this.spoken.length > 0;
  }

  /** Whether a line is spoken at `time`. */
  speaks(time: number): boolean {
    return this.spoken.some((one) => time >= one.start_s && time < one.start_s + one.duration_s);
  }

  /** Called many times a second while the picture runs: starts what begins, loads what comes next. */
  follow(time: number, rate: number): void {
    for (const one of this.spoken) {
      if (one.start_s > time + AHEAD_S) break;
      const end = one.start_s + one.duration_s;
      if (time >= one.start_s && time < end) this.start(one, time, rate);
      else if (end > time) this.sound(one.url);
    }
    for (const [url, sound] of this.playing) if (sound.ended) this.playing.delete(url);
  }

  stop(): void {
    for (const sound of this.playing.values()) sound.pause();
    this.playing = new Map();
  }

  private start(one: Spoken, time: number, rate: number): void {
    if (this.playing.has(one.url)) return;
    const sound = this.sound(one.url);
    sound.currentTime = time - one.start_s;
    sound.playbackRate = rate;
    sound.volume = this.volume;
    this.playing.set(one.url, sound);
    void sound.play().catch(() => this.playing.delete(one.url)); // stopped before it began
  }

  private sound(url: string): HTMLAudioElement {
    const known = this.sounds.get(url);
    if (known) return known;
    const sound = this.create(url);
    sound.preload = "auto";
    this.sounds.set(url, sound);
    for (const [old, other] of this.sounds) {
      if (this.sounds.size <= KEPT) break;
      if (!this.playing.has(old) && other !== sound) this.sounds.delete(old);
    }
    return sound;
  }
}
