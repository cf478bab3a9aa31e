import type { LiveEvent } from "./live-connection";

/** Progress of a unit of work as the stream tells it. */
export interface ProgressEvent {
  task_id: string;
  language: string;
  stage: string;
  attempt: number;
  progress: number;
  message?: string | undefined;
  eta_seconds?: number | null | undefined;
}

/** So much progress at once is of many tasks: nobody reads it faster, and each batch draws all of them anew. */
const MANY = 100;

/**
 * Gathers events for a moment: of each unit's progress only the newest counts, facts keep their order. While very much
 * is going on, progress is told half as often; facts never wait for longer.
 */
export class Batch {
  private facts: LiveEvent[] = [];
  private progress = new Map<string, LiveEvent>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = Infinity;
  private crowded = false;

  constructor(
    private readonly deliver: (events: LiveEvent[]) => void,
    private readonly everyMs = 250,
  ) {}

  add(event: LiveEvent): void {
    if (event.type === "progress") {
      const { task_id, language, stage } = event.data as ProgressEvent;
      this.progress.set(`${task_id}/${language}/${stage}`, event);
      this.flushWithin(this.crowded ? 2 * this.everyMs : this.everyMs);
    } else {
      this.facts.push(event);
      this.flushWithin(this.everyMs);
    }
  }

  flush(): void {
    clearTimeout(this.timer);
    this.due = Infinity;
    this.crowded = this.progress.size > MANY;
    const events = [...this.facts, ...this.progress.values()];
    this.facts = [];
    this.progress.clear();
    if (events.length > 0) this.deliver(events);
  }

  private flushWithin(ms: number): void {
    const at = Date.now() + ms;
    if (at >= this.due) return;
    clearTimeout(this.timer);
    this.due = at;
    this.timer = setTimeout(() => this.flush(), ms);
  }
}
