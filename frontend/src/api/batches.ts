import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRefusal } from "@/i18n/refusal";
import {
  type BatchRead,
  cancelBatch,
  deleteBatch,
  dropBatchRow,
  getBatch,
  type ItemRead,
  listBatches,
  listBatchRows,
  pauseBatch,
  resumeBatch,
  retryBatch,
} from "./generated";
import { keys } from "./keys";
import { answer, data } from "./problems";

export interface Page<T> {
  items: T[];
  total: number;
}

export const BATCHES_AT_ONCE = 10;
export const ROWS_AT_ONCE = 100;

const totalOf = (response: Response, items: unknown[]) => Number(response.headers.get("X-Total-Count") ?? items.length);

/** Batches, newest first. */
export const batchesQuery = (page: number) =>
  queryOptions({
    queryKey: keys.batchPage(page),
    queryFn: async ({ signal }): Promise<Page<BatchRead>> => {
      const query = { skip: page * BATCHES_AT_ONCE, limit: BATCHES_AT_ONCE };
      const { data: items, response } = await answer(listBatches({ query, signal }));
      return { items, total: totalOf(response, items) };
    },
  });

export const batchQuery = (id: string) =>
  queryOptions({
    queryKey: keys.batch(id),
    queryFn: ({ signal }) => data(getBatch({ path: { batch_id: id }, signal })),
  });

/** Rows of a batch with one outcome. */
export const batchRowsQuery = (id: string, outcome: string, page: number) =>
  queryOptions({
    queryKey: keys.batchRows(id, outcome, page),
    queryFn: async ({ signal }): Promise<Page<ItemRead>> => {
      const query = { skip: page * ROWS_AT_ONCE, limit: ROWS_AT_ONCE, outcome };
      const { data: items, response } = await answer(listBatchRows({ path: { batch_id: id }, query, signal }));
      return { items, total: totalOf(response, items) };
    },
  });

export type BatchAct = "pause" | "resume" | "cancel" | "retry" | "delete";

const ACTS: Record<BatchAct, (id: string) => Promise<unknown>> = {
  pause: (batch_id) => data(pauseBatch({ path: { batch_id } })),
  resume: (batch_id) => data(resumeBatch({ path: { batch_id } })),
  cancel: (batch_id) => data(cancelBatch({ path: { batch_id } })),
  retry: (batch_id) => data(retryBatch({ path: { batch_id } })),
  delete: (batch_id) => data(deleteBatch({ path: { batch_id } })),
};

interface Change {
  change: () => Promise<unknown>;
  onDone?: () => void;
}

interface BatchActs {
  act: (what: BatchAct, onDone?: () => void) => void;
  /** Give up a row whose video does not come. */
  drop: (row: number) => void;
  busy: boolean;
}

/** What can be done with a batch; what is refused is told, and its figures are read again either way. */
export function useBatchActs(id: string): BatchActs {
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate, isPending } = useMutation({
    mutationFn: ({ change }: Change) => change(),
    // Not with the call: the news of a deletion may take away who asked for it before the answer is there.
    onSuccess: (_, { onDone }) => onDone?.(),
    onError: (error) => refuse(error),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.batches }),
  });
  return {
    act: (what, onDone) =>
      mutate({
        change: () => ACTS[what](id),
        onDone: () => {
          if (what === "delete") void cache.invalidateQueries({ queryKey: keys.tasks });
          onDone?.();
        },
      }),
    drop: (row) => mutate({ change: () => data(dropBatchRow({ path: { batch_id: id, row } })) }),
    busy: isPending,
  };
}

/** Where all exported files of a batch are fetched as one ZIP. */
export const filesOf = (id: string): string => `/api/batches/${id}/files.zip`;
