import { create } from "zustand";

export type View = "grid" | "list";

const KEY = "localclip.view";

interface ViewState {
  view: View;
  show: (view: View) => void;
}

export const useView = create<ViewState>((set) => ({
  view: localStorage.getItem(KEY) === "list" ? "list" : "grid",
  show: (view) => {
    localStorage.setItem(KEY, view);
    set({ view });
  },
}));
