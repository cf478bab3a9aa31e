import { create } from "zustand";

export type Tab = "line" | "review" | "speaker" | "task";
export type Filter = "all" | "review";
export type Subtitles = "off" | "source" | "target" | "both";

interface EditorView {
  selected: string | null;
  tab: Tab;
  filter: Filter;
  search: string;
  finding: boolean;
  help: boolean;
  exporting: boolean;
  subtitles: Subtitles;
  zoom: number;
}

const START: EditorView = {
  selected: null,
  tab: "line",
  filter: "all",
  search: "",
  finding: false,
  help: false,
  exporting: false,
  subtitles: "target",
  zoom: 40,
};

/** What a person looks at; nothing of it is the server's. */
export const useView = create<EditorView>(() => START);

export const show = (values: Partial<EditorView>): void => useView.setState(values);
export const resetView = (): void => useView.setState(START);
