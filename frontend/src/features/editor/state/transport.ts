import { create } from "zustand";
import { type Spoken, TakePlayer } from "./takes";

export type Voice = "original" | "dub";

/** Where the dub comes from: the exported file, or the takes of single lines until there is a current one. */
export interface DubSource {
  exportUrl: string | null;
  spoken: Spoken[];
}

interface Playing {
  playing: boolean;
  voice: Voice;
  rate: number;
  volume: number;
  /** A span after which playback stops: one line. */
  until: number | null;
  fromTakes: boolean;
}

export const usePlaying = create<Playing>(() => ({
  playing: false,
  voice: "dub",
  rate: 1,
  volume: 1,
  until: null,
  fromTakes: false,
}));

const DRIFT_S = 0.06;
const TOLD_MS = 33;
const DUCKED = 0.18;
/** Paused again or left, or the browser wants a click first: the button to play is there. */
const BEFORE_IT_BEGAN = new Set(["AbortError", "NotAllowedError"]);

/** Picture and sound as one: the original video runs, the dub is heard in step with it, and the two can be exchanged at any instant. */
export class Transport {
  private video: HTMLVideoElement | null = null;
  private dub: HTMLAudioElement | null = null;
  private readonly takes = new TakePlayer();
  private readonly listeners = new Set<(time: number) => void>();
  private timer = 0;
  private source: DubSource = { exportUrl: null, spoken: [] };

  attach(video: HTMLVideoElement, dub: HTMLAudioElement): () => void {
    this.video = video;
    this.dub = dub;
    const events: [string, () => void][] = [
      ["play", () => this.onPlay()],
      ["pause", () => this.onPause()],
      ["seeked", () => this.onSeeked()],
      ["ratechange", () => this.mix()],
    ];
    for (const [name, listener] of events) video.addEventListener(name, listener);
    this.mix();
    return () => {
      clearTimeout(this.timer);
      this.takes.stop();
      for (const [name, listener] of events) video.removeEventListener(name, listener);
      usePlaying.setState({ playing: false, until: null });
    };
  }

  get time(): number {
    return this.video?.currentTime ?? 0;
  }

  onTime(listener: (time: number) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  setDub(source: DubSource): void {
    this.source = source;
    this.takes.set(source.spoken);
    usePlaying.setState({ fromTakes: source.exportUrl === null && source.spoken.length > 0 });
    this.mix();
  }

  toggle(): void {
    if (this.video?.paused) this.play();
    else this.pause();
  }

  play(until: number | null = null): void {
    usePlaying.setState({ until });
    void this.video?.play().catch((error: unknown) => {
      if (!(error instanceof DOMException && BEFORE_IT_BEGAN.has(error.name))) throw error;
    });
  }

  pause(): void {
    this.video?.pause();
  }

  seek(time: number): void {
    if (!this.video) return;
    const last = Number.isFinite(this.video.duration) ? this.video.duration : time;
    this.video.currentTime = Math.max(0, Math.min(time, last));
    usePlaying.setState({ until: null });
    this.tell();
  }

  /** Hear one stretch, with what is heard now. */
  playSpan(start: number, end: number): void {
    this.seek(start);
    this.play(end);
  }

  setVoice(voice: Voice): void {
    usePlaying.setState({ voice });
    this.mix();
  }

  setRate(rate: number): void {
    usePlaying.setState({ rate });
    if (this.video) this.video.playbackRate = rate;
  }

  setVolume(volume: number): void {
    usePlaying.setState({ volume });
    this.takes.setVolume(volume);
    this.mix();
  }

  /** Decide who is heard. The export runs along silently under the original, so that the exchange takes no time. */
  private mix(): void {
    const { video, dub } = this;
    if (!video || !dub) return;
    const { voice, rate, volume } = usePlaying.getState();
    const exported = this.source.exportUrl !== null;
    dub.playbackRate = rate;
    dub.volume = volume;
    dub.muted = voice === "original" || !exported;
    video.muted = voice === "dub" && exported;
    if (voice === "original" || exported) {
      this.takes.stop();
      video.volume = volume;
    }
    if (!video.paused) this.align(true);
  }

  private align(always: boolean): void {
    const { video, dub } = this;
    if (!video || !dub || this.source.exportUrl === null) return;
    if (always || Math.abs(dub.currentTime - video.currentTime) > DRIFT_S) dub.currentTime = video.currentTime;
    if (dub.paused) void dub.play().catch(() => undefined); // paused again before it began
  }

  private onPlay(): void {
    usePlaying.setState({ playing: true });
    this.align(true);
    clearTimeout(this.timer);
    this.tick();
  }

  private onPause(): void {
    usePlaying.setState({ playing: false, until: null });
    clearTimeout(this.timer);
    this.dub?.pause();
    this.takes.stop();
    this.tell();
  }

  private onSeeked(): void {
    this.takes.stop();
    if (this.dub && this.source.exportUrl !== null) this.dub.currentTime = this.time;
    this.tell();
  }

  /** As often as a video has pictures: what moves in between nobody sees, and each time costs the page a frame. */
  private tick(): void {
    const { video } = this;
    if (!video) return;
    const { until, voice, rate, volume } = usePlaying.getState();
    const time = video.currentTime;
    if (until !== null && time >= until) this.pause();
    if (voice === "dub" && this.source.exportUrl === null) {
      this.takes.follow(time, rate);
      video.volume = (this.takes.speaks(time) ? DUCKED : 1) * volume;
    }
    this.align(false);
    this.tell();
    if (!video.paused) this.timer = window.setTimeout(() => this.tick(), TOLD_MS);
  }

  private tell(): void {
    for (const listener of this.listeners) listener(this.time);
  }
}
