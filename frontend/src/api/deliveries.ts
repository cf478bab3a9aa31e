import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { deliverBatch, type DeliveryWrite, listDeliveriesOfBatch } from "./generated";
import { keys } from "./keys";
import { data } from "./problems";

/** Only the end of a copy is told as an event: how far it is, is asked for meanwhile. */
const WHILE_COPYING_MS = 2000;

const keyOf = (batch: string) => [...keys.batch(batch), "deliveries"] as const;

/** Where files of a batch were or are being copied, newest first; `pollMs` is how often to ask where nothing is. */
export const deliveriesQuery = (batch: string, pollMs: number | false) =>
  queryOptions({
    queryKey: keyOf(batch),
    queryFn: ({ signal }) => data(listDeliveriesOfBatch({ path: { batch_id: batch }, signal })),
    refetchInterval: ({ state }) => (state.data?.some((one) => one.state === "copying") ? WHILE_COPYING_MS : pollMs),
  });

/** Begin to copy, or go on: the same folder asked for again takes up what is new or was not copied. */
export function useDeliver(batch: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: DeliveryWrite) => data(deliverBatch({ path: { batch_id: batch }, body })),
    onSettled: () => cache.invalidateQueries({ queryKey: keyOf(batch) }),
  });
}
