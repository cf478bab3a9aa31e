import { useQueries } from "@tanstack/react-query";
import type { TaskPage } from "@/api/cache";
import type { TaskRead } from "@/api/generated";
import type { TaskFilter } from "@/api/keys";
import { PAGE_SIZE, pageQuery } from "@/api/queries";
import { useState } from "react";
import { usePollInterval } from "@/api/connection";
import { useHidden } from "@/api/deletions";

/** Which pages hold the tasks from `first` to `last`. */
export function pagesOf(first: number, last: number, size = PAGE_SIZE): number[] {
  const from = Math.floor(Math.max(0, first) / size);
  const to = Math.floor(Math.max(first, last, 0) / size);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const UNKNOWN = Array.from({ length: PAGE_SIZE }, () => undefined);

export interface TaskWindow {
  total: number | undefined;
  at: (index: number) => TaskRead | undefined;
  shown: TaskRead[];
  error: unknown;
  retry: () => void;
}

/** The tasks in view out of any number: only their pages are loaded, kept live, and asked for again. */
export function useTaskWindow(filter: TaskFilter, first: number, last: number): TaskWindow {
  const refetchInterval = usePollInterval();
  const hidden = useHidden();
  const numbers = pagesOf(first, last);
  const pages = useQueries({
    queries: numbers.map((page) => ({
      ...pageQuery(filter, page),
      refetchInterval,
      // while a new search is on its way the old result stays; another page of it would be the wrong tasks
      placeholderData: (old: TaskPage | undefined, query: { queryKey: readonly unknown[] } | undefined) =>
        query?.queryKey[2] === page ? old : undefined,
    })),
  });
  const results = pages.map((page) => page.data);
  const fresh = results.find((page) => page !== undefined)?.total;
  const [kept, setKept] = useState(fresh);
  if (fresh !== undefined && fresh !== kept) setKept(fresh);
  const start = (numbers[0] ?? 0) * PAGE_SIZE;
  const loaded = results.flatMap((page): (TaskRead | undefined)[] => page?.items ?? UNKNOWN);
  const failed = pages.find((page) => page.error !== null && page.data === undefined);
  return {
    total: fresh ?? kept, // far away in the list nothing is loaded yet, and the list is as long as it was
    at: (index) => loaded[index - start],
    shown: loaded.filter((task): task is TaskRead => task !== undefined && !hidden.has(task.task_id)),
    error: failed?.error ?? null,
    retry: () => pages.forEach((page) => void page.refetch()),
  };
}
