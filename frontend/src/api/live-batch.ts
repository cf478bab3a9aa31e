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

/** Gathers events for a moment: of each unit's progress only the newest counts, facts keep their order. */
export class Batch {
  private facts: LiveEvent[] = [];
  private progress = new Map<string, LiveEvent>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly deliver: (events: LiveEvent[]) => void,
    private readonly everyMs = 250,
  ) {}

  add(event: LiveEvent): void {
    if (event.type === "progress") {
      const { task_id, language, stage } = event.data as ProgressEvent;
      this.progress.set(`${task_id}/${language}/${stage}`, event);
    } else {
      this.facts.push(event);
    }
    this.timer ??= setTimeout(() => this.flush(), this.everyMs);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const events = [...this.facts, ...this.progress.values()];
    this.facts = [];
    this.progress.clear();
    if (events.length > 0) this.deliver(events);
  }
}
