import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveConnection, type LiveEvent, type LiveState, type Source } from "./live-connection";

class FakeSource implements Source {
  static all: FakeSource[] = [];
  closed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();
  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }
  close(): void {
    this.closed = true;
  }
  say(type: string, data: unknown = {}, lastEventId = ""): void {
    this.listeners.get(type)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent<string>);
  }
}

function open(): { states: LiveState[]; events: LiveEvent[]; connection: LiveConnection } {
  const states: LiveState[] = [];
  const events: LiveEvent[] = [];
  const connection = new LiveConnection("/api/events", {
    open: (url) => new FakeSource(url),
    onState: (state) => states.push(state),
    onEvent: (event) => events.push(event),
    staleMs: 4000,
    retryMs: 1000,
    maxRetryMs: 3000,
  });
  connection.connect();
  return { states, events, connection };
}

const newest = () => FakeSource.all.at(-1) as FakeSource;

describe("the event stream", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    FakeSource.all = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is live when the first event came, not when it opened", () => {
    const { states, events } = open();
    expect(states).toEqual(["connecting"]);
    newest().say("hello", { tasks: [] });
    expect(states).toEqual(["connecting", "live"]);
    newest().say("heartbeat");
    expect(events.map(({ type }) => type)).toEqual(["hello"]);
  });

  it("resumes after the last event it saw", () => {
    open();
    newest().say("task.created", {}, "41");
    newest().say("progress", {});
    newest().say("error");
    vi.advanceTimersByTime(1000);
    expect(newest().url).toBe("/api/events?last_event_id=41");
    expect(FakeSource.all.filter(({ closed }) => !closed)).toHaveLength(1);
  });

  it("notices a stream that hangs, and comes back by itself", () => {
    const { states } = open();
    newest().say("hello");
    vi.advanceTimersByTime(3900);
    newest().say("heartbeat");
    vi.advanceTimersByTime(3900);
    expect(states.at(-1)).toBe("live");
    vi.advanceTimersByTime(200);
    expect(states.at(-1)).toBe("polling");
    vi.advanceTimersByTime(1000);
    newest().say("hello");
    expect(states).toEqual(["connecting", "live", "polling", "live"]);
  });

  it("waits longer after every failure, up to a limit, and anew after a success", () => {
    open();
    const opened = () => FakeSource.all.length;
    for (const wait of [1000, 2000, 3000, 3000]) {
      const before = opened();
      newest().say("error");
      vi.advanceTimersByTime(wait - 1);
      expect(opened()).toBe(before);
      vi.advanceTimersByTime(1);
      expect(opened()).toBe(before + 1);
    }
    newest().say("hello");
    newest().say("error");
    const before = opened();
    vi.advanceTimersByTime(1000);
    expect(opened()).toBe(before + 1);
  });

  it("does not listen to a stream it gave up", () => {
    const { events } = open();
    const old = newest();
    old.say("error");
    vi.advanceTimersByTime(1000);
    old.say("task.created");
    expect(events).toEqual([]);
  });
});
