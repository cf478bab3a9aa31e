import { create } from "zustand";
import type { FindOptions } from "@/core/find";

export type Tab = "line" | "review" | "speaker" | "task";
export type Filter = "all" | "review";
export type Subtitles = "off" | "source" | "target" | "both";

interface EditorView {
  selected: string | null;
  tab: Tab;
  /** On a phone: whether the inspector is up. */
  sheet: boolean;
  filter: Filter;
  search: string;
  findOptions: FindOptions;
  /** Which of the places found is at hand; -1: none yet. */
  foundAt: number;
  finding: boolean;
  help: boolean;
  exporting: boolean;
  /** The subtitle file that is looked at before it is taken. */
  bringing: File | null;
  subtitles: Subtitles;
  /** Whether the box of the subtitles in the picture is drawn over it. */
  boxes: boolean;
  /** Speakers that are not heard in the dub. */
  silent: ReadonlySet<string>;
}

const START: EditorView = {
  selected: null,
  tab: "line",
  sheet: false,
  filter: "all",
  search: "",
  findOptions: { matchCase: false, wholeWord: false },
  foundAt: -1,
  finding: false,
  help: false,
  exporting: false,
  bringing: null,
  subtitles: "target",
  boxes: false,
  silent: new Set(),
};

/** What a person looks at; nothing of it is the server's. */
export const useView = create<EditorView>(() => START);

export const show = (values: Partial<EditorView>): void => useView.setState(values);
export const resetView = (): void => useView.setState(START);
