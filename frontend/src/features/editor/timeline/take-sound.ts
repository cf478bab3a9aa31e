import type { Peaks } from "./draw";

const PER_SECOND = 100;
const AT_ONCE = 2;
const KEPT = 300;

/** Waveforms of takes: read, reduced and kept, a few at a time, the newest wish first. */
export class TakeSound {
  private readonly peaks = new Map<string, Peaks>();
  private wanted: string[] = [];
  private readonly failed = new Set<string>();
  private running = 0;

  constructor(private readonly onReady: (peaks: ReadonlyMap<string, Peaks>) => void) {}

  /** What is in view; what was wanted before and is not is left. */
  want(urls: string[]): void {
    this.wanted = urls.filter((url) => !this.peaks.has(url) && !this.failed.has(url));
    while (this.running < AT_ONCE && this.wanted.length > 0) void this.next();
  }

  close(): void {
    this.wanted = [];
  }

  private async next(): Promise<void> {
    const url = this.wanted.shift();
    if (!url) return;
    this.running += 1;
    this.failed.add(url); // not asked for again meanwhile
    try {
      const answer = await fetch(url);
      if (!answer.ok) return;
      const audio = await new OfflineAudioContext(1, 1, 16_000).decodeAudioData(await answer.arrayBuffer());
      this.peaks.set(url, { values: reduce(audio), perSecond: PER_SECOND });
      for (const old of this.peaks.keys()) if (this.peaks.size > KEPT) this.peaks.delete(old);
      this.failed.delete(url);
      this.onReady(this.peaks);
    } catch {
      return; // a waveform is an ornament: the clip is there without it
    } finally {
      this.running -= 1;
      void this.next();
    }
  }
}

function reduce(audio: AudioBuffer): Float32Array {
  const samples = audio.getChannelData(0);
  const step = audio.sampleRate / PER_SECOND;
  const found = new Float32Array(Math.ceil(samples.length / step));
  for (let at = 0; at < samples.length; at += 1) {
    const slot = Math.floor(at / step);
    found[slot] = Math.max(found[slot] ?? 0, Math.abs(samples[at] ?? 0));
  }
  return found;
}
