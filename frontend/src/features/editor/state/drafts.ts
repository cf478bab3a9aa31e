import { create } from "zustand";

export type Side = "source" | "target";

/** Text that is typed and not saved yet, by the line it belongs to, and the version it was typed over. */
export interface Draft {
  text: string;
  version: number;
  /** No answer came when it was sent: it is sent again by itself. */
  unsent?: boolean;
}

export interface Conflict {
  key: string;
  mine: string;
  theirs: string;
  resolve: (keepMine: boolean) => void;
}

interface DraftsState {
  drafts: Readonly<Record<string, Draft>>;
  conflict: Conflict | null;
  write: (key: string, draft: Draft) => void;
  drop: (key: string) => void;
  clear: () => void;
}

export const draftKey = (side: Side, language: string, segment: string): string =>
  `${side === "source" ? "base" : language}/${segment}`;

/** What a draft's key names. */
export function draftPlace(key: string): { side: Side; language: string; segment: string } {
  const [language = "", ...segment] = key.split("/");
  return { side: language === "base" ? "source" : "target", language, segment: segment.join("/") };
}

export const useDrafts = create<DraftsState>((set) => ({
  drafts: {},
  conflict: null,
  write: (key, draft) => set(({ drafts }) => ({ drafts: { ...drafts, [key]: draft } })),
  drop: (key) =>
    set(({ drafts }) => ({ drafts: Object.fromEntries(Object.entries(drafts).filter(([other]) => other !== key)) })),
  clear: () => set({ drafts: {}, conflict: null }),
}));

/** Drafts that wait for the gateway to be back. */
export const unsentDrafts = (): string[] =>
  Object.entries(useDrafts.getState().drafts).flatMap(([key, { unsent }]) => (unsent ? [key] : []));

/** Ask which of two versions counts. */
export function askConflict(key: string, mine: string, theirs: string): Promise<boolean> {
  return new Promise((done) => {
    const resolve = (keepMine: boolean) => {
      useDrafts.setState({ conflict: null });
      done(keepMine);
    };
    useDrafts.setState({ conflict: { key, mine, theirs, resolve } });
  });
}
