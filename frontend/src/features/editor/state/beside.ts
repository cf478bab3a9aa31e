import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";
import { create } from "zustand";
import { usePollInterval } from "@/api/connection";
import type { LineRead, ReviewLine, TaskRead } from "@/api/generated";
import { linesQuery } from "@/api/queries";
import { besideOf, type Lines } from "@/core/beside";
import { judgedIn } from "@/core/lines";
import { targets } from "@/core/progress";
import { useEditor } from "./context";

const KEPT = "localclip.editor.beside";
const WHILE_CLONING_MS = 3000;

const useWanted = create<{ codes: readonly string[] }>(() => ({
  codes: (localStorage.getItem(KEPT) ?? "").split(" ").filter(Boolean),
}));

/** Have `code` stand beside `shown` in this browser; null: nothing. */
export function setBeside(code: string | null, shown: string): void {
  const codes = code ? [code, shown] : [];
  if (code) localStorage.setItem(KEPT, codes.join(" "));
  else localStorage.removeItem(KEPT);
  useWanted.setState({ codes });
}

/** Which language of the task stands beside the one shown. */
export function useBesideCode(): string | null {
  const { task, language } = useEditor();
  const wanted = useWanted((state) => state.codes);
  return besideOf(
    wanted,
    language,
    targets(task).map(([code]) => code),
  );
}

/** Lines of a language, kept fresh by events, and by asking while they are spoken. */
export function useLines(task: TaskRead, language: string): UseQueryResult<LineRead[]> {
  const poll = usePollInterval();
  const making = task.language_status[language]?.stage === "voice_cloning";
  return useQuery({ ...linesQuery(task.task_id, language), refetchInterval: making ? WHILE_CLONING_MS : poll });
}

export interface Beside {
  code: string;
  /** Whether its lines are here. */
  read: boolean;
  lines: Lines;
  judged: ReadonlyMap<string, ReviewLine>;
}

/** The language beside the one shown, with its lines. */
export function useBeside(): Beside | null {
  const { task, review } = useEditor();
  const code = useBesideCode();
  const { data: lines } = useLines(task, code ?? "");
  return useMemo(
    () =>
      code === null
        ? null
        : {
            code,
            read: lines !== undefined,
            lines: new Map(lines?.map((line) => [line.segment_id, line])),
            judged: judgedIn(review, code),
          },
    [code, lines, review],
  );
}
