import { type InvalidateOptions, type InvalidateQueryFilters, QueryClient } from "@tanstack/react-query";
import { ApiProblem } from "@/api/problems";

class Cache extends QueryClient {
  /**
   * An answer that is on its way for the first time may be older than what happened, and TanStack takes it for the new
   * one: it is asked for again when it is there.
   */
  override invalidateQueries(filters?: InvalidateQueryFilters, options?: InvalidateOptions): Promise<void> {
    for (const query of this.getQueryCache().findAll({ ...filters, fetchStatus: "fetching" }))
      if (query.state.data === undefined)
        void query.fetch().then(
          () => super.invalidateQueries({ queryKey: query.queryKey, exact: true }, { cancelRefetch: false }),
          () => undefined,
        );
    return super.invalidateQueries(filters, options);
  }
}

/** The one cache of server state; events patch it, so nothing else needs to ask again on its own. */
export function createQueryClient(): QueryClient {
  return new Cache({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 2 && !(error instanceof ApiProblem && error.status > 0 && error.status < 500),
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
