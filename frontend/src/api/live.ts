import { Batch } from "./live-batch";
import { LiveConnection, type LiveEvent, type LiveState } from "./live-connection";
import type { FromWorker, ToWorker } from "./live.worker";

export interface LiveFeed {
  reconnect(): void;
  close(): void;
}

interface Listener {
  onState: (state: LiveState) => void;
  onEvents: (events: LiveEvent[]) => void;
}

/** Join the stream that all tabs share; a tab of its own where the browser has no shared workers. */
export function openLiveFeed(listener: Listener): LiveFeed {
  if (typeof SharedWorker === "undefined") return ownFeed(listener);
  const worker = new SharedWorker(new URL("./live.worker.ts", import.meta.url), {
    type: "module",
    name: "localclip-live",
  });
  const say = (message: ToWorker) => worker.port.postMessage(message);
  worker.port.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "state") listener.onState(data.state);
    else listener.onEvents(data.events);
  });
  worker.port.start();
  const leave = () => say({ kind: "leave" });
  window.addEventListener("pagehide", leave);
  return {
    reconnect: () => say({ kind: "reconnect" }),
    close: () => {
      window.removeEventListener("pagehide", leave);
      leave();
      worker.port.close();
    },
  };
}

function ownFeed(listener: Listener): LiveFeed {
  const batch = new Batch(listener.onEvents);
  const connection = new LiveConnection("/api/events", {
    open: (url) => new EventSource(url),
    onState: listener.onState,
    onEvent: (event) => batch.add(event),
  });
  connection.connect();
  return { reconnect: () => connection.connect(), close: () => connection.close() };
}
