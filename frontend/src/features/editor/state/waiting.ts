import { create } from "zustand";

/** Lines that were asked to be spoken again, and the version they had then; another version with a take ends the wait. */
interface WaitingState {
  lines: ReadonlyMap<string, number>;
  /** The line to play as soon as it is there. */
  hear: string | null;
}

export const useWaiting = create<WaitingState>(() => ({ lines: new Map(), hear: null }));

/** A line of one language of one task: ids of segments are the same in every task. */
export const waitKey = (task: string, language: string, segment: string): string => `${task}/${language}/${segment}`;

export function awaitTake(keys: [string, number][], hear: string | null): void {
  useWaiting.setState((state) => ({ lines: new Map([...state.lines, ...keys]), hear: hear ?? state.hear }));
}

export function settleTakes(keys: string[]): void {
  useWaiting.setState((state) => ({
    lines: new Map([...state.lines].filter(([key]) => !keys.includes(key))),
    hear: state.hear !== null && keys.includes(state.hear) ? null : state.hear,
  }));
}

/** Wait no longer for anything of a task. */
export function leaveTakes(task: string): void {
  settleTakes([...useWaiting.getState().lines.keys()].filter((key) => key.startsWith(`${task}/`)));
}
