import { useEffect, useRef } from "react";
import { create } from "zustand";

/** Something a person can ask for by name. */
export interface Command {
  id: string;
  label: string;
  /** Its keys, where it has some. */
  keys?: string | undefined;
  run: () => void;
}

type Source = () => Command[];

interface CommandsState {
  open: boolean;
  sources: ReadonlySet<Source>;
}

export const useCommands = create<CommandsState>(() => ({ open: false, sources: new Set() }));

export const showCommands = (open: boolean): void => useCommands.setState({ open });

/** Offer what a page can do while it is shown. */
export function useOffer(commands: Source): void {
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  useEffect(() => {
    const source = () => latest.current();
    useCommands.setState(({ sources }) => ({ sources: new Set([...sources, source]) }));
    return () =>
      useCommands.setState(({ sources }) => ({ sources: new Set([...sources].filter((other) => other !== source)) }));
  }, []);
}

/** Commands whose label has every word that was typed, in their order. */
export function matching(commands: Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
}
