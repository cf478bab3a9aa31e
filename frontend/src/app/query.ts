import { QueryClient } from "@tanstack/react-query";
import { ApiProblem } from "@/api/problems";

/** The one cache of server state; events patch it, so nothing else needs to ask again on its own. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
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
