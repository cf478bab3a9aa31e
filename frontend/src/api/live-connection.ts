/** Keeps one event stream open: resumes by sequence, notices a hung one, says when to poll meanwhile. No React here. */

export type LiveState = "connecting" | "live" | "polling";

export interface LiveEvent {
  type: string;
  data: unknown;
}

/** The part of EventSource that is used, so that tests bring their own. */
export interface Source {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  addEventListener(type: "error", listener: () => void): void;
  close(): void;
}

export interface LiveOptions {
  open: (url: string) => Source;
  onState: (state: LiveState) => void;
  onEvent: (event: LiveEvent) => void;
  /** Longer than this without any event, heartbeats included, and the stream counts as hung. */
  staleMs?: number;
  retryMs?: number;
  maxRetryMs?: number;
}

/** Named events of the gateway; EventSource only tells of names that are listened for. */
export const EVENT_NAMES = [
  "hello",
  "resync",
  "heartbeat",
  "progress",
  ...["created", "updated", "waiting", "answered", "completed", "failed", "canceled", "deleted"].map(
    (name) => `task.${name}`,
  ),
  ...["completed", "failed", "canceled", "stale", "updated", "waiting", "approved"].map((name) => `language.${name}`),
  ...["speaker_diarization", "translation", "voice_cloning", "export"].flatMap((stage) =>
    ["started", "completed", "failed", "canceled"].map((name) => `${stage}.${name}`),
  ),
  ...["created", "updated", "deleted", "dubbed", "failed"].map((name) => `line.${name}`),
  ...["segment", "speaker"].flatMap((topic) =>
    ["created", "updated", "deleted", "merged"].map((name) => `${topic}.${name}`),
  ),
  ...["started", "progress", "completed", "failed", "canceled"].map((name) => `recipe.${name}`),
  ...["created", "completed", "canceled", "deleted", "delivered", "delivery_failed"].map((name) => `batch.${name}`),
  "edit.undone",
  "edit.redone",
] as const;

export class LiveConnection {
  private readonly options: Required<LiveOptions>;
  private source: Source | null = null;
  private lastId = "";
  private wait: number;
  private state: LiveState | null = null;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    options: LiveOptions,
  ) {
    this.options = { staleMs: 12_000, retryMs: 1000, maxRetryMs: 8000, ...options };
    this.wait = this.options.retryMs;
  }

  /** Open the stream now, dropping a waiting retry. "live" is said when the first event comes, not when it opens. */
  connect(): void {
    this.drop();
    if (this.state === null) this.say("connecting");
    const url = this.lastId ? `${this.url}?last_event_id=${this.lastId}` : this.url;
    const source = this.options.open(url);
    this.source = source;
    for (const name of EVENT_NAMES) source.addEventListener(name, (event) => this.receive(source, name, event));
    source.addEventListener("error", () => this.lose(source));
    this.watch(source);
  }

  close(): void {
    this.drop();
    this.state = null;
  }

  private receive(source: Source, type: string, event: MessageEvent<string>): void {
    if (source !== this.source) return;
    if (event.lastEventId) this.lastId = event.lastEventId;
    this.wait = this.options.retryMs;
    this.watch(source);
    this.say("live");
    if (type === "heartbeat") return;
    this.options.onEvent({ type, data: JSON.parse(event.data) as unknown });
  }

  private watch(source: Source): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lose(source), this.options.staleMs);
  }

  private lose(source: Source): void {
    if (source !== this.source) return;
    this.drop();
    this.say("polling");
    this.again = setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(this.wait * 2, this.options.maxRetryMs);
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.again);
    this.source?.close();
    this.source = null;
  }

  private say(state: LiveState): void {
    if (state === this.state) return;
    this.state = state;
    this.options.onState(state);
  }
}
