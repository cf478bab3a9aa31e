import { create } from "zustand";

export interface Doubtful {
  language: string;
  segment: string;
}

interface ReviewMode {
  /** The lines that are gone through, worst first; null: no review goes on. */
  list: Doubtful[] | null;
  at: number;
  /** Whether the line at hand has been shown; if it is not shown now, another one was chosen since. */
  arrived: boolean;
  accepted: ReadonlySet<Doubtful>;
}

/** A walk through the doubtful lines; its list stays as it was when it began, whatever becomes of the lines. */
export const useReviewMode = create<ReviewMode>(() => ({ list: null, at: 0, arrived: false, accepted: new Set() }));

export const reviewMode = {
  begin: (list: Doubtful[]) => useReviewMode.setState({ list, at: 0, arrived: false, accepted: new Set() }),
  end: () => useReviewMode.setState({ list: null }),
  arrive: () => useReviewMode.setState({ arrived: true }),
  accept: (line: Doubtful) => useReviewMode.setState(({ accepted }) => ({ accepted: new Set([...accepted, line]) })),
  next: () => useReviewMode.setState(({ at }) => ({ at: at + 1, arrived: false })),
  back: () => useReviewMode.setState(({ at }) => (at > 0 ? { at: at - 1, arrived: false } : {})),
};

/** What the keys do while lines are gone through and no text is typed. */
export const REVIEW_KEYS = {
  accept: "Enter",
  redo: "R",
  edit: "E",
  skip: "S",
  again: "Space",
  back: "B",
  end: "Esc",
} as const;
