import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Follow } from "../../src/delivery/over-web-socket.ts";

/** A WebSocket as strict as the browser's, whose server is the test. */
const { sockets } = vi.hoisted(() => {
  const sockets: InstanceType<typeof FakeSocket>[] = [];
  class FakeSocket {
    readyState = 0;
    sent: string[] = [];
    onopen?: (event: object) => void;
    onmessage?: (event: object) => void;
    onclose?: (event: object) => void;
    readonly url: string;
    constructor(url: string) {
      this.url = url;
      if (!/^wss?:/.test(url)) throw new Error(`not a URL of a WebSocket: ${url}`);
      sockets.push(this);
    }
    send(text: string) {
      if (this.readyState === 0) throw new Error("InvalidStateError");
      if (this.readyState === 1) this.sent.push(text);
    }
    close() {
      this.readyState = Math.max(2, this.readyState);
    }
    // The calls of the server.
    open() {
      this.readyState = 1;
      this.onopen?.({});
    }
    message(data: string) {
      if (this.readyState === 1) this.onmessage?.({ data });
    }
    end(code: number) {
      this.readyState = 3;
      this.onclose?.({ code });
    }
  }
  vi.stubGlobal("WebSocket", FakeSocket);
  return { sockets };
});

/** The state of the page, and the listener for its changes. */
const page = vi.hoisted(() => ({ isVisible: true, change: (_: string) => {}, listeners: 0 }));
vi.mock("../../src/sensors/page-state.ts", () => ({
  isVisible: () => page.isVisible,
  onPageChange: (listener: (change: string) => void) => {
    page.change = listener;
    page.listeners += 1;
    return () => {
      page.listeners -= 1;
    };
  },
}));

// The SDK takes the names of the platform once, when it is loaded.
vi.useFakeTimers();
const { overWebSocket } = await import("../../src/delivery/over-web-socket.ts");

const show = (isVisible: boolean) => {
  page.isVisible = isVisible;
  page.change(isVisible ? "visible" : "hidden");
};

/** A tracker's state, and the number of its flushes and of its listeners. */
const newTracker = () => {
  let flushes = 0;
  const listeners = new Set<() => void>();
  const state: Parameters<Follow>[0] = {
    connection: {
      secretOf: (id) => (id.startsWith("shop.") ? `secret of ${id}` : undefined),
      flush: async () => {
        flushes += 1;
        throw new Error("some batches wait");
      },
    },
    held: undefined,
    visitor: { session_id: "shop.session-1" },
  };
  return {
    state,
    flushes: () => flushes,
    listeners,
    acknowledge: () => {
      for (const each of listeners) each();
    },
    on: ((_: string, listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    }) as unknown as Parameters<Follow>[3],
    stops: [] as (() => void)[],
  };
};

type FakeTracker = ReturnType<typeof newTracker>;

const followBy = ({ state, on, stops }: FakeTracker, part?: Parameters<Follow>[6]) => {
  const received: object[] = [];
  const stop = overWebSocket(
    state,
    "tm_shop_aaaaaaaa",
    "https://collector.example/t/v1/",
    on,
    stops,
    (features: object) => received.push(features),
    part,
  );
  vi.advanceTimersByTime(0);
  return { received, stop };
};

const latest = () => {
  const socket = sockets.at(-1);
  if (!socket) throw new Error("no connection");
  return socket;
};

const vector = (event_count: number) => JSON.stringify({ entity: "session", features: { event_count } });

/** Follows until the first vector has arrived. */
const followed = (tracker: FakeTracker) => {
  const { received, stop } = followBy(tracker);
  latest().open();
  latest().message(vector(1));
  return { received, stop };
};

let tracker: FakeTracker;
beforeEach(() => {
  vi.clearAllTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  sockets.length = 0;
  page.isVisible = true;
  tracker = newTracker();
  return () => vi.restoreAllMocks();
});

describe("a page that follows its session", () => {
  it("names the session in the URL, and shows the secret in the first message only", () => {
    followBy(tracker, { features: ["event_count", "click_count"] });
    expect(latest().url).toBe(
      "wss://collector.example/t/v1/follow/shop.session-1?key=tm_shop_aaaaaaaa&features=event_count%2Cclick_count",
    );
    expect(latest().url).not.toContain("secret");
    latest().open();
    expect(latest().sent).toEqual([JSON.stringify({ session_secret: "secret of shop.session-1" })]);
    followBy(newTracker(), { set: "reading:1" });
    expect(latest().url).toMatch(/\?key=tm_shop_aaaaaaaa&set=reading%3A1$/);
  });

  it("receives the session's reactions instead, and nothing of an older collector's vectors", () => {
    const received: unknown[] = [];
    const { state, on, stops } = tracker;
    const listener = (items: unknown) => received.push(items);
    overWebSocket(state, "tm_shop_aaaaaaaa", "https://collector.example/v1/", on, stops, listener, { reactions: 1 });
    vi.advanceTimersByTime(0);
    expect(latest().url).toMatch(/\?key=tm_shop_aaaaaaaa&reactions=1$/);
    latest().open();
    latest().message(JSON.stringify({ reactions: [{ id: "reaction-1" }] }));
    latest().message(vector(1));
    expect(received).toEqual([[{ id: "reaction-1" }], undefined]);
  });

  it("receives each vector's features, and a listener that throws disturbs nothing", () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { received } = followed(tracker);
    latest().message(vector(2));
    latest().message("not JSON");
    latest().message(vector(3));
    expect(received).toEqual([1, 2, 3].map((event_count) => ({ event_count })));
    expect(console.warn).toHaveBeenCalledOnce();
    const { state, on, stops } = newTracker();
    const fails = () => {
      throw new Error("a defect of the page");
    };
    overWebSocket(state, "tm_shop_aaaaaaaa", "http://localhost/v1/", on, stops, fails);
    vi.advanceTimersByTime(0);
    latest().open();
    latest().message(vector(1));
    expect(latest().readyState).toBe(1);
  });

  it("is connected only while it is visible", () => {
    show(false);
    const { received } = followBy(tracker);
    vi.advanceTimersByTime(120_000);
    tracker.acknowledge();
    vi.advanceTimersByTime(120_000);
    expect(sockets).toHaveLength(0);
    show(true);
    vi.advanceTimersByTime(0);
    const first = latest();
    first.open();
    first.message(vector(1));
    show(false);
    expect(first.readyState).toBe(2);
    vi.advanceTimersByTime(120_000);
    expect(sockets).toHaveLength(1);
    show(true);
    vi.advanceTimersByTime(0);
    expect(sockets).toHaveLength(2);
    latest().open();
    latest().message(vector(2));
    expect(received).toEqual([{ event_count: 1 }, { event_count: 2 }]);
  });

  /** The wait after each of some failures in a row, in milliseconds. */
  const waitsAfter = (failures: number) =>
    Array.from({ length: failures }, () => {
      const before = sockets.length;
      latest().end(1006);
      let ms = 0;
      for (; sockets.length === before; ms += 250) vi.advanceTimersByTime(250);
      return ms;
    });

  it("connects again after a wait that grows with the failures in a row", () => {
    followed(tracker);
    const waits = waitsAfter(10);
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    latest().open();
    latest().message(vector(2));
    latest().end(4503);
    vi.advanceTimersByTime(500);
    expect(latest().readyState).toBe(0);
  });

  it("waits for minutes while a collector has never sent a vector, as one of an earlier release", () => {
    followBy(tracker);
    expect(waitsAfter(12).slice(5)).toEqual([16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]);
    latest().open();
    latest().message(vector(1));
    expect(waitsAfter(8).slice(5)).toEqual([16_000, 30_000, 30_000]);
  });

  it("replaces a connection that answers no ping", () => {
    followed(tracker);
    const first = latest();
    vi.advanceTimersByTime(45_000);
    expect(first.sent.at(-1)).toBe("ping");
    first.message("pong");
    vi.advanceTimersByTime(45_000);
    expect(first.readyState).toBe(1);
    vi.advanceTimersByTime(45_000);
    expect(first.readyState).toBe(2);
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
    expect(first.sent.filter((text) => text === "ping")).toHaveLength(2);
  });

  it("sends its events once when the collector has no such session, and connects again when they are acknowledged", () => {
    followBy(tracker);
    latest().open();
    latest().end(4404);
    expect(tracker.flushes()).toBe(1);
    vi.advanceTimersByTime(120_000);
    expect(sockets).toHaveLength(1);
    tracker.acknowledge();
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
    latest().end(4404);
    expect(tracker.flushes()).toBe(1);
  });

  it.each([4400, 4401, 4403, 4429])("waits for the next batch after the rejection %d", (code) => {
    followed(tracker);
    latest().end(code);
    vi.advanceTimersByTime(600_000);
    expect([sockets.length, tracker.flushes()]).toEqual([1, 0]);
    tracker.acknowledge();
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
  });

  it("follows the next session, and shows nothing of the one before", () => {
    const { received } = followed(tracker);
    const first = latest();
    tracker.state.visitor = { session_id: "shop.session-2" };
    first.message(vector(99));
    expect(first.readyState).toBe(2);
    vi.advanceTimersByTime(0);
    expect(latest().url).toContain("/shop.session-2?");
    latest().open();
    tracker.state.visitor = { session_id: "shop.session-3" };
    tracker.acknowledge();
    vi.advanceTimersByTime(0);
    expect(latest().url).toContain("/shop.session-3?");
    expect(received).toEqual([{ event_count: 1 }]);
  });

  it.each<[string, (state: FakeTracker["state"]) => void]>([
    ["has withdrawn the consent", (state) => Object.assign(state, { connection: undefined })],
    ["has yet to consent", (state) => Object.assign(state, { held: [] })],
  ])("shows nothing once the visitor %s", (_, withdraw) => {
    const { received } = followed(tracker);
    withdraw(tracker.state);
    latest().message(vector(2));
    expect(latest().readyState).toBe(2);
    vi.advanceTimersByTime(120_000);
    tracker.acknowledge();
    vi.advanceTimersByTime(120_000);
    expect([sockets.length, received.length]).toEqual([1, 1]);
  });

  it("without a session or its secret does not connect", () => {
    tracker.state.visitor = undefined;
    followBy(tracker);
    tracker.state.visitor = { session_id: "session-of-another-page" };
    tracker.acknowledge();
    vi.advanceTimersByTime(0);
    expect(sockets).toHaveLength(0);
  });

  it("leaves nothing behind when it stops, or when its tracker stops", () => {
    const listeners = page.listeners;
    for (const stopBy of ["stop", "tracker"]) {
      const own = newTracker();
      const { received, stop } = followed(own);
      const socket = latest();
      if (stopBy === "stop") stop();
      else for (const each of own.stops) each();
      expect(socket.readyState).toBe(2);
      socket.readyState = 1;
      socket.message(vector(2));
      expect([own.listeners.size, page.listeners, received.length]).toEqual([0, listeners, 1]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});
