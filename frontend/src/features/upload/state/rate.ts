interface Sample {
  atMs: number;
  sent: number;
}

const WINDOW_MS = 8000;

/** Speed over the last seconds: steady enough to read, quick enough to notice a change. */
export class Rate {
  private samples: Sample[] = [];

  add(sent: number, atMs: number): void {
    this.samples = [...this.samples.filter((sample) => atMs - sample.atMs < WINDOW_MS), { atMs, sent }];
  }

  /** Bytes per second; null while too little is known. */
  perSecond(): number | null {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (!first || !last || last.atMs - first.atMs < 500) return null;
    return Math.max(0, ((last.sent - first.sent) / (last.atMs - first.atMs)) * 1000);
  }

  clear(): void {
    this.samples = [];
  }
}
