/// <reference lib="webworker" />
import { Batch } from "./live-batch";
import { LiveConnection, type LiveEvent, type LiveState } from "./live-connection";

/** One event stream for all tabs: browsers allow six connections to a host, and every tab would take one. */

export type FromWorker = { kind: "state"; state: LiveState } | { kind: "events"; events: LiveEvent[] };
export type ToWorker = { kind: "reconnect" } | { kind: "leave" };

const ports = new Set<MessagePort>();
let state: LiveState = "connecting";

const send = (message: FromWorker) => ports.forEach((port) => port.postMessage(message));
const batch = new Batch((events) => send({ kind: "events", events }));
const connection = new LiveConnection("/api/events", {
  open: (url) => new EventSource(url),
  onState: (next) => {
    batch.flush();
    state = next;
    send({ kind: "state", state });
  },
  onEvent: (event) => batch.add(event),
});

(self as unknown as SharedWorkerGlobalScope).addEventListener("connect", (event) => {
  const port = event.ports[0];
  if (!port) return;
  ports.add(port);
  port.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
    if (data.kind === "reconnect") connection.connect();
    if (data.kind === "leave") {
      ports.delete(port);
      if (ports.size === 0) connection.close();
    }
  });
  port.start();
  if (ports.size === 1) connection.connect();
  port.postMessage({ kind: "state", state } satisfies FromWorker);
});
