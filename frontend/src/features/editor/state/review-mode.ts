import { create } from "zustand";

export interface Doubtful {
  language: string;
  segment: string;
}

interface ReviewMode {
  /** The lines that are gone through, worst first; null: no review goes on. */
  list: Doubtful[] | null;
  at: number;
  accepted: number;
}

/** A walk through the doubtful lines; its list stays as it was when it began, whatever becomes of the lines. */
export const useReviewMode = create<ReviewMode>(() => ({ list: null, at: 0, accepted: 0 }));

export const reviewMode = {
  begin: (list: Doubtful[]) => useReviewMode.setState({ list, at: 0, accepted: 0 }),
  end: () => useReviewMode.setState({ list: null }),
  next: (accepted: boolean) =>
    useReviewMode.setState((state) => ({ at: state.at + 1, accepted: state.accepted + (accepted ? 1 : 0) })),
  back: () => useReviewMode.setState((state) => ({ at: Math.max(0, state.at - 1) })),
};
