import { QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { useEffect, useMemo } from "react";
import { RouterProvider } from "react-router";
import { Toaster } from "sonner";
import { ApiProblem } from "@/api/problems";
import { followLive, useConnection } from "@/api/connection";
import { KeyGate } from "./key-gate";
import { createQueryClient } from "./query";
import { createRouter } from "./router";
import { useTheme } from "@/components/ui/theme";

export function App() {
  const cache = useMemo(() => createQueryClient(), []);
  const router = useMemo(() => createRouter(), []);
  const dark = useTheme((state) => state.dark);
  const forbidden = useConnection((state) => state.forbidden);
  return (
    <QueryClientProvider client={cache}>
      <Tooltip.Provider delayDuration={350}>
        <Live />
        {forbidden ? <KeyGate /> : <RouterProvider router={router} />}
        <Toaster
          position="top-center"
          offset={2}
          mobileOffset={0}
          gap={2}
          toastOptions={{
            style: { padding: "2px 30px 2px 14px", fontSize: 12 },
            classNames: {
              toast: "[--toast-close-button-start:auto] [--toast-close-button-end:4px] [--toast-close-button-transform:translateY(4px)]",
              title: "leading-[1.2]!",
              description: "leading-[1.2]!",
            },
          }}
          theme={dark ? "dark" : "light"}
          closeButton
        />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}

/** Follows the stream, and asks for the key as soon as the gateway wants one. */
function Live() {
  const cache = useQueryClient();
  useEffect(() => followLive(cache), [cache]);
  useEffect(() => {
    const look = (error: unknown) => {
      if (error instanceof ApiProblem && error.status === 401) useConnection.setState({ forbidden: true });
      if (error instanceof ApiProblem && error.status === 0) useConnection.setState({ network: false });
    };
    const queries = cache.getQueryCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") look(event.action.error);
      if (event.type === "updated" && event.action.type === "success") useConnection.setState({ network: true });
    });
    const mutations = cache.getMutationCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") look(event.action.error);
    });
    return () => {
      queries();
      mutations();
    };
  }, [cache]);
  return null;
}
