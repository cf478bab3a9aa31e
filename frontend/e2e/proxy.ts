import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Transform } from "node:stream";

/** A proxy between browser and gateway that can lose the event stream, hang it, or be slow, as networks are. */
export class Proxy {
  events: "pass" | "refuse" | "hang" = "pass";
  uploadBytesPerS = Infinity;
  /** So many parts of uploads come through; those after them are held, however long the test takes to look. */
  mostParts = Infinity;
  /** The same of objects copied within a store; `refuse`: the store lets nobody copy. */
  copies: number | "refuse" = Infinity;
  /** The network is away: what comes is lost. */
  lost = false;
  readonly seen: string[] = [];
  private readonly streams = new Set<ServerResponse>();
  private readonly held: (() => void)[] = [];
  private readonly heldParts = new Set<ServerResponse>();
  private readonly server = createServer((incoming, outgoing) => this.forward(incoming, outgoing));

  constructor(private readonly target: string) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => void this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** End the streams that are open and the parts of uploads that are held. */
  cut(): void {
    for (const open of [this.streams, this.heldParts]) {
      for (const outgoing of open) outgoing.destroy();
      open.clear();
    }
  }

  /** Lose the network, and with it what is on its way. */
  lose(): void {
    this.lost = true;
    this.cut();
  }

  /** Let through what is held, and all that comes. */
  release(): void {
    this.copies = Infinity;
    for (const go of this.held.splice(0)) go();
  }

  get openStreams(): number {
    return this.streams.size;
  }

  count(start: string): number {
    return this.seen.filter((line) => line.startsWith(start)).length;
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const path = incoming.url ?? "/";
    if (this.lost) return void outgoing.destroy(); // browsers send again what a connection that was used before has lost
    this.seen.push(`${incoming.method} ${path}`);
    if (/^PUT .*\/parts\//.test(`${incoming.method} ${path}`) && this.count("PUT ") > this.mostParts) return void this.heldParts.add(outgoing);
    if (incoming.headers["x-amz-copy-source"]) {
      if (this.copies === "refuse") return void outgoing.writeHead(403).end();
      if (this.copies <= 0) return void this.held.push(() => this.pass(incoming, outgoing, path));
      this.copies -= 1;
    }
    this.pass(incoming, outgoing, path);
  }

  private pass(incoming: IncomingMessage, outgoing: ServerResponse, path: string): void {
    const isStream = path.startsWith("/api/events");
    if (isStream && this.events === "refuse") {
      outgoing.writeHead(503).end();
      return;
    }
    const onward = ask(`${this.target}${path}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (isStream) {
        this.streams.add(outgoing);
        outgoing.once("close", () => this.streams.delete(outgoing));
      }
      answer.on("data", (chunk: Buffer) => void (isStream && this.events === "hang" ? undefined : outgoing.write(chunk)));
      answer.on("end", () => outgoing.end());
    });
    onward.once("error", () => outgoing.destroy());
    outgoing.once("close", () => onward.destroy());
    incoming.pipe(this.throttle()).pipe(onward);
  }

  private throttle(): Transform {
    const rate = () => this.uploadBytesPerS;
    return new Transform({
      transform(chunk: Buffer, _, done) {
        setTimeout(() => done(null, chunk), Number.isFinite(rate()) ? (chunk.length / rate()) * 1000 : 0);
      },
    });
  }
}
