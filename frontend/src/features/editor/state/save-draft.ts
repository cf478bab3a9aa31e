import { ApiProblem } from "@/api/problems";
import { askConflict, type Draft, useDrafts } from "./drafts";

/** A text as the server has it. */
export interface Saved {
  text: string;
  version: number;
}

/** How texts of one task are read and written. Its calls throw ApiProblem. */
export interface TextStore {
  /** What the page shows as saved. */
  known: (key: string) => string | undefined;
  write: (key: string, text: string, version: number) => Promise<Saved>;
  read: (key: string) => Promise<Saved>;
}

export type Outcome = "saved" | "theirs" | "away" | "refused";

/** Whether nothing was said about the text itself: there was no answer, or one from in front of the gateway. */
export function isAway(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || [502, 503, 504].includes(error.status));
}

/**
 * Saves what is typed, one request at a time for each text. What is typed while one is on its way is kept and saved
 * after it; what cannot be sent is kept as unsent.
 */
export class DraftSaver {
  private readonly running = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly texts: TextStore,
    private readonly onRefused: (error: unknown) => void,
  ) {}

  /** Save the draft of a text, if there is one. */
  async save(key: string): Promise<Outcome> {
    const before = this.running.get(key);
    if (before) {
      const outcome = await before;
      return outcome === "saved" ? this.save(key) : outcome;
    }
    const saving = this.send(key).finally(() => this.running.delete(key));
    this.running.set(key, saving);
    return saving;
  }

  private async send(key: string): Promise<Outcome> {
    const draft = useDrafts.getState().drafts[key];
    if (!draft) return "saved";
    const text = draft.text.trim();
    if (text === "" || text === this.texts.known(key)) {
      useDrafts.getState().drop(key);
      return "saved";
    }
    try {
      return await this.write(key, draft, text);
    } catch (error) {
      const away = isAway(error);
      this.keep(key, { unsent: away });
      this.onRefused(error);
      return away ? "away" : "refused";
    }
  }

  private async write(key: string, draft: Draft, text: string): Promise<Outcome> {
    for (let { version } = draft; ; ) {
      try {
        const saved = await this.texts.write(key, text, version);
        this.settle(key, draft, saved);
        return "saved";
      } catch (error) {
        if (!(error instanceof ApiProblem && error.status === 412)) throw error;
      }
      const theirs = await this.texts.read(key);
      if (theirs.text !== text && !(await askConflict(key, text, theirs.text))) {
        useDrafts.getState().drop(key);
        return "theirs";
      }
      version = theirs.version;
    }
  }

  /** What was typed since stays, over the version that is saved now. */
  private settle(key: string, sent: Draft, saved: Saved): void {
    const now = useDrafts.getState().drafts[key];
    if (!now || now.text === sent.text) useDrafts.getState().drop(key);
    else this.keep(key, { version: saved.version, unsent: false });
  }

  private keep(key: string, values: Partial<Draft>): void {
    const draft = useDrafts.getState().drafts[key];
    if (draft) useDrafts.getState().write(key, { ...draft, ...values });
  }
}
