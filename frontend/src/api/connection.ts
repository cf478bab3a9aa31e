import type { QueryClient } from "@tanstack/react-query";
import { create } from "zustand";
import { apply } from "./cache";
import { openLiveFeed } from "./live";
import type { LiveState } from "./live-connection";

export type Shown = LiveState | "offline";

interface ConnectionState {
  stream: LiveState;
  network: boolean;
  forbidden: boolean;
  reconnect: () => void;
}

export const useConnection = create<ConnectionState>(() => ({
  stream: "connecting",
  network: navigator.onLine,
  forbidden: false,
  reconnect: () => undefined,
}));

/** What a person is told of the connection. */
export function useShownConnection(): Shown {
  return useConnection(({ stream, network }) => (network || stream === "live" ? stream : "offline"));
}

/** How often to ask the server: never while the stream is live. */
export function usePollInterval(): number | false {
  return useConnection(({ stream, forbidden }) => (stream === "polling" && !forbidden ? 2000 : false));
}

/** Follow the stream and keep the cache as the server has it; returns how to stop. */
export function followLive(cache: QueryClient): () => void {
  let missed = false;
  const feed = openLiveFeed({
    onState: (stream) => {
      if (stream === "live" && missed) void cache.invalidateQueries();
      missed = stream !== "live";
      useConnection.setState(stream === "live" ? { stream, network: true } : { stream });
    },
    onEvents: (events) =>
      void apply(cache, events).catch((error: unknown) => {
        console.error(error); // what an event of another shape asks for is not known: everything is read again
        void cache.invalidateQueries();
      }),
  });
  const onOnline = () => {
    useConnection.setState({ network: true });
    feed.reconnect();
  };
  const onOffline = () => useConnection.setState({ network: false });
  window.addEventListener("online", onOnline);
  window.addEventListener("offline", onOffline);
  useConnection.setState({ reconnect: feed.reconnect });
  return () => {
    window.removeEventListener("online", onOnline);
    window.removeEventListener("offline", onOffline);
    feed.close();
  };
}
