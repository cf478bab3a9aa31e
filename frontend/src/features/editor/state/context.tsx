import { createContext, type ReactNode, useContext } from "react";
import type { ReviewLine, SpeakerRead, TaskRead } from "@/api/generated";
import type { Row } from "@/core/lines";
import type { Transport } from "./transport";

/** What every part of the editor works on. */
export interface Editor {
  task: TaskRead;
  language: string;
  rows: Row[];
  /** The review list of all languages, worst first. */
  review: ReviewLine[];
  /** What it says of lines of the language at hand. */
  judged: ReadonlyMap<string, ReviewLine>;
  speakers: SpeakerRead[];
  duration: number;
  busy: boolean;
  transport: Transport;
  /** What is here of it; what is still on its way is not missing. */
  read: Read;
  /** Why some of it could not be read, and another try. */
  unread: { error: Error; retry: () => void } | null;
}

/** Whether source lines, those of the language at hand and the review list have been read. */
export interface Read {
  segments: boolean;
  lines: boolean;
  review: boolean;
}

const Context = createContext<Editor | null>(null);

export function EditorProvider({ value, children }: { value: Editor; children: ReactNode }) {
  return <Context value={value}>{children}</Context>;
}

export function useEditor(): Editor {
  const editor = useContext(Context);
  if (!editor) throw new Error("outside of the editor");
  return editor;
}
