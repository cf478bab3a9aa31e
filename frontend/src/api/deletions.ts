import { create } from "zustand";

/** Tasks on their way out: hidden at once, deleted when the time to undo is over. */
interface DeletionsState {
  hidden: ReadonlySet<string>;
}

const useDeletions = create<DeletionsState>(() => ({ hidden: new Set() }));

export const UNDO_MS = 6000;

export const useHidden = (): ReadonlySet<string> => useDeletions((state) => state.hidden);

function hide(ids: string[], hidden: boolean): void {
  useDeletions.setState((state) => {
    const next = new Set(state.hidden);
    for (const id of ids) {
      if (hidden) next.add(id);
      else next.delete(id);
    }
    return { hidden: next };
  });
}

/** Hide tasks and delete them after a while; leaving the page does it at once. Returns how to undo it. */
export function deleteLater(ids: string[], act: (id: string) => Promise<void>, onSettled: () => void): () => void {
  hide(ids, true);
  const settle = () => {
    clearTimeout(timer);
    window.removeEventListener("pagehide", settle);
    void Promise.allSettled(ids.map(act)).then(() => {
      hide(ids, false);
      onSettled();
    });
  };
  const timer = setTimeout(settle, UNDO_MS);
  window.addEventListener("pagehide", settle);
  return () => {
    clearTimeout(timer);
    window.removeEventListener("pagehide", settle);
    hide(ids, false);
  };
}
