import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEND_WITHIN_MS } from "../packages/sdk/src/delivery/batch-age.ts";
import {
  type Compression,
  compressions,
  createSimulation,
  type Fault,
  faults,
  type Page,
  type Simulation,
  type StorageState,
} from "./simulation/simulation.ts";

/** A step of a run of the simulation. `page` picks one of the open pages. */
type Action =
  | { kind: "track"; page: number; count: number; bytes: number }
  | { kind: "capture"; page: number; count: number }
  | { kind: "wait"; ms: number }
  | { kind: "network"; fault: Fault }
  | { kind: "compress"; compression: Compression }
  | { kind: "defect" }
  | { kind: "show"; page: number; isVisible: boolean }
  | { kind: "open"; clock: number }
  | { kind: "navigate" | "leave" | "cache" | "crash" | "flush"; page: number };

const page = fc.nat(3);
/** Many small events, or a few large ones: in total fewer than a page drops. */
const amount = fc.oneof(
  fc.record({ count: fc.integer({ min: 1, max: 60 }), bytes: fc.constantFrom(0, 200) }),
  fc.record({ count: fc.integer({ min: 1, max: 8 }), bytes: fc.constant(4_000) }),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(page, amount).map(([page, amount]) => ({ kind: "track", page, ...amount }) as const),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("capture"), page, count: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(1, 100, 300, 2_500, 20_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("network"), fault: fc.constantFrom(...faults) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("compress"), compression: fc.constantFrom(...compressions) }),
  },
  // The collector fails at the next event.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("defect") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("show"), page, isVisible: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("open"), clock: fc.constantFrom(0, 0, -3_600_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("navigate", "leave", "cache", "crash", "flush"), page }) },
);

/** Longest time that an event is in memory only, in milliseconds. A crash loses the events of this time. */
const WRITE_BEHIND_MS = 1_000;

/** Time after which the last retry has been made, in milliseconds. */
const ALL_RETRIES_MS = 400_000;

/** Creates a random number generator (mulberry32), so that a run depends only on its seed. */
const randomFrom = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Advances the time until a promise has settled, at most a minute. */
const settled = <T>(simulation: Simulation, promise: Promise<T>): Promise<T> => {
  promise.catch(() => {});
  return simulation.advance(60_000).then(() => promise);
};

const throwFromListener = () => {
  throw new Error("of the page");
};

const run = async (actions: Action[], seed: number, storage: StorageState) => {
  const simulation = createSimulation(randomFrom(seed));
  simulation.storage = storage;
  simulation.hasFetchLater = seed % 2 === 0;
  simulation.statesTab = seed % 3 !== 0;
  const open = new Map<Page, { number: number; at: number }[]>();
  /** Events that were in memory only when their page crashed. */
  const lostInCrash = new Set<number>();
  let tracked = 0;

  const start = (before?: Page, clock?: number) => {
    const opened = simulation.open(before, clock);
    for (const type of ["sent", "acknowledged"] as const) opened.tracker.on(type, throwFromListener);
    open.set(opened, []);
  };
  const perform = async (each: Action) => {
    if (each.kind === "wait") return simulation.advance(each.ms);
    if (each.kind === "network") {
      simulation.network = each.fault;
      return;
    }
    if (each.kind === "compress") {
      simulation.compression = each.compression;
      return;
    }
    if (each.kind === "defect") {
      simulation.defects.add(tracked);
      return;
    }
    if (each.kind === "open" || !open.size) return start(undefined, each.kind === "open" ? each.clock : 0);
    const [chosen, events] = [...open][each.page % open.size] ?? [];
    if (!chosen || !events) return;
    chosen.restore();
    if (each.kind === "track" || each.kind === "capture") {
      for (let left = each.count; left > 0; left -= 1) {
        if (each.kind === "track") chosen.track(tracked, each.bytes);
        else chosen.capture(tracked);
        events.push({ number: tracked, at: simulation.now });
        tracked += 1;
      }
    } else if (each.kind === "show") chosen.show(each.isVisible);
    else if (each.kind === "cache") chosen.cache();
    else if (each.kind === "flush") chosen.tracker.flush().catch(() => {});
    else {
      open.delete(chosen);
      if (each.kind === "crash") {
        chosen.crash();
        for (const { number, at } of events) if (simulation.now - at <= WRITE_BEHIND_MS) lostInCrash.add(number);
      } else {
        chosen.leave();
        await Promise.resolve().then(() => {});
        if (each.kind === "navigate") start(chosen);
      }
    }
  };

  start();
  for (const each of actions) await perform(each);
  simulation.network = "pass";
  await simulation.advance(ALL_RETRIES_MS);
  for (const each of open.keys()) {
    each.restore();
    each.show(true);
  }
  const last = simulation.open();
  await simulation.advance(ALL_RETRIES_MS);
  const flushed = settled(simulation, last.tracker.flush());
  await (simulation.defects.size ? flushed.catch(() => {}) : flushed);

  const stored = new Set(simulation.stored);
  const numbers = Array.from({ length: tracked }, (_, number) => number);
  return {
    violations: simulation.violations,
    twice: simulation.stored.length - stored.size,
    lost: numbers.filter(
      (number) =>
        ![stored, lostInCrash, simulation.rejected, simulation.defects].some((numbers) => numbers.has(number)),
    ),
  };
};

/** Checks that random runs with that storage store every event once. */
const checkRuns = (storage: StorageState, kinds: readonly Action["kind"][], numRuns: number) =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        action.filter(({ kind }) => kinds.includes(kind)),
        { maxLength: 30 },
      ),
      fc.integer(),
      async (actions, seed) => {
        expect(await run(actions, seed, storage)).toEqual({ violations: [], twice: 0, lost: [] });
      },
    ),
    { numRuns },
  );

const onOpenPages = [
  "track",
  "capture",
  "wait",
  "network",
  "compress",
  "defect",
  "cache",
  "show",
  "open",
  "flush",
] as const;
const withLeaving = [...onOpenPages, "navigate", "leave"] as const;
const withCrashes = [...withLeaving, "crash"] as const;

describe("delivery, under random faults of pages and network", () => {
  it(
    "stores every event once, except those that a crash loses before they are spooled and those that are rejected",
    () => checkRuns("free", withCrashes, 1_200),
    120_000,
  );

  it.each(["full", "hanging", "stuck", "foreign"] as const)(
    "stores every event once when IndexedDB is %s and the browser does not crash",
    (storage) => checkRuns(storage, withLeaving, 400),
    120_000,
  );

  it(
    "stores every event of pages that stay open when storage is forbidden",
    () => checkRuns("forbidden", onOpenPages, 400),
    120_000,
  );
});

/** A visit to one page of a tab: numbers of events that are tracked, and times in milliseconds. */
const visit = fc.record({ count: fc.integer({ min: 1, max: 30 }), ms: fc.constantFrom(0, 1, 30, 300, 1_500, 4_000) });

/** Visits pages one after another in one tab. Each tracks its first event when it opens, like a page view. */
const navigate = async (visits: { count: number; ms: number }[], statesTab: boolean, hasFetchLater: boolean) => {
  const simulation = createSimulation(randomFrom(1));
  simulation.statesTab = statesTab;
  simulation.hasFetchLater = hasFetchLater;
  let page: Page | undefined;
  let tracked = 0;
  for (const { count, ms } of visits) {
    page?.leave();
    await simulation.advance(0);
    page = simulation.open(page);
    for (let left = count; left > 0; left -= 1) {
      page.track(tracked, 0);
      tracked += 1;
      await simulation.advance(left % 3);
    }
    await simulation.advance(ms);
  }
  await simulation.advance(10_000);
  return { simulation, tracked };
};

describe("an ordinary navigation", () => {
  it("sends no event twice when the collector is quick, and loses none", async () => {
    const property = fc.asyncProperty(
      fc.array(visit, { maxLength: 8 }),
      fc.boolean(),
      async (visits, hasFetchLater) => {
        const { simulation, tracked } = await navigate(visits, true, hasFetchLater);
        expect({ stored: simulation.stored.length, duplicates: simulation.duplicates }).toEqual({
          stored: tracked,
          duplicates: 0,
        });
      },
    );
    await fc.assert(property, { numRuns: 300 });
  }, 120_000);

  it("loses no event when the collector does not state the tab's numbers", async () => {
    const property = fc.asyncProperty(fc.array(visit, { maxLength: 8 }), async (visits) => {
      const { simulation, tracked } = await navigate(visits, false, false);
      expect(simulation.stored).toHaveLength(tracked);
    });
    await fc.assert(property, { numRuns: 100 });
  }, 120_000);

  /** Leaves a page that has captured event 0 while the network has a fault. The network works again afterwards. */
  const leaveWithEvent = async (fault: "down" | "late") => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = fault;
    page.track(0, 0);
    page.leave();
    await simulation.advance(100);
    simulation.network = "pass";
    return { simulation, page };
  };

  it("to a page that captures nothing sends the last batch 2 s later", async () => {
    const { simulation, page } = await leaveWithEvent("down");
    simulation.open(page);
    await simulation.advance(1_900);
    expect(simulation.stored).toEqual([]);
    await simulation.advance(200);
    expect(simulation.stored).toEqual([0]);
  });

  it("sends the last batch 2 s later when it was lost, as no response lists it", async () => {
    const { simulation, page } = await leaveWithEvent("down");
    const next = simulation.open(page);
    await simulation.advance(10);
    next.track(1, 0);
    await simulation.advance(1_800);
    expect(simulation.stored).toEqual([1]);
    await simulation.advance(400);
    expect(simulation.stored).toEqual([1, 0]);
    expect(simulation.duplicates).toBe(0);
  });

  it("sends a lost last batch within a few seconds, though the next page always has events to send", async () => {
    const { simulation, page } = await leaveWithEvent("down");
    const next = simulation.open(page);
    for (let number = 1; number < 20; number += 1) {
      next.capture(number);
      await simulation.advance(300);
    }
    expect(simulation.stored).toContain(0);
    expect(simulation.duplicates).toBe(0);
  });

  it("does not send the last batch again when it arrives after the first response to the next page", async () => {
    const { simulation, page } = await leaveWithEvent("late");
    const next = simulation.open(page);
    next.track(1, 0);
    await simulation.advance(100);
    expect(simulation.stored).toEqual([1]);
    await simulation.advance(1_000);
    next.track(2, 0);
    await simulation.advance(10_000);
    expect(simulation.stored).toEqual([1, 0, 2]);
    expect(simulation.duplicates).toBe(0);
  });

  it("sends the last batch although the collector fails at each event of the next page", async () => {
    const { simulation, page } = await leaveWithEvent("down");
    simulation.defects.add(1);
    const next = simulation.open(page);
    next.track(1, 0);
    await simulation.advance(60_000);
    expect(simulation.stored).toEqual([0]);
    await simulation.advance(200_000);
    next.track(2, 0);
    await simulation.advance(3_000);
    expect(simulation.dropped).toEqual([{ from_seq: 1, to_seq: 1, reason: "refused" }]);
  });
});

/** A step of a run of one page whose collector is reachable, `ms` milliseconds after the step before. */
const step = fc.record({
  kind: fc.constantFrom(
    ...(["capture", "capture", "capture", "track", "page", "read", "read stored", "flush", "hide", "show"] as const),
  ),
  ms: fc.oneof(fc.nat(500), fc.nat(5_000), fc.nat(60_000)),
});

/** Longest time of a batch in flight, in milliseconds, and of the request before it. */
const IN_FLIGHT_MS = 50;

describe("a captured event, while the collector is reachable", () => {
  it("is sent within the option's time, and earlier when the page or the visitor needs it", async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom(undefined, 0, 500, 2_000, 10_000, 120_000),
      async (steps, sendWithin) => {
        const simulation = createSimulation(randomFrom(1));
        simulation.sendWithin = sendWithin;
        const longest = sendWithin ?? SEND_WITHIN_MS;
        const page = simulation.open();
        let captured = 0;
        /** For each event, the time until which it must be sent; `undefined` once it is. */
        const due: (number | undefined)[] = [];
        const dueWithin = (ms: number) => {
          for (const [number, at] of due.entries()) if (at) due[number] = Math.min(at, simulation.now + ms);
        };
        const late: string[] = [];
        page.tracker.on("sent", ({ events }) => {
          for (const event of events) {
            const { number } = (event as { properties: { number?: number } }).properties ?? {};
            const lateness = simulation.now - (due[number ?? -1] ?? simulation.now);
            if (lateness > IN_FLIGHT_MS) late.push(`event ${number} by ${lateness} ms`);
            if (number !== undefined) due[number] = undefined;
          }
        });
        let viewAt = simulation.now;
        let readAt = Number.NEGATIVE_INFINITY;
        let isShown = true;
        for (const { kind, ms } of steps) {
          await simulation.advance(ms);
          const time = simulation.now;
          if (kind === "capture" || kind === "track") {
            const isNeeded = kind === "track" || time - readAt <= 15_000;
            const wait = Math.min(longest, isNeeded ? 2_000 : Math.max(2_000, 4 * (time - viewAt)));
            due.push(time + (isShown ? wait : 0));
            page[kind](captured, 0);
            captured += 1;
          } else if (kind === "page") {
            page.tracker.page();
            viewAt = time;
            dueWithin(2_000);
          } else if (kind === "hide" || kind === "show") {
            if (isShown !== (kind === "show")) dueWithin(0);
            isShown = kind === "show";
            page.show(isShown);
          } else if (kind === "flush") {
            void page.tracker.flush();
            dueWithin(0);
          } else {
            void page.tracker.features(kind === "read stored");
            readAt = time;
            dueWithin(kind === "read stored" ? 2_000 : 0);
          }
        }
        await simulation.advance(longest + 1_000);
        expect(late).toEqual([]);
        expect(simulation.stored.sort((a, b) => a - b)).toEqual(
          Array.from({ length: captured }, (_, number) => number),
        );
      },
    );
    await fc.assert(property, { numRuns: 500 });
  }, 120_000);
});

describe("an IndexedDB that does not open", () => {
  it("delays the unload buffer by a second", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.storage = "hanging";
    const page = simulation.open();
    simulation.network = "down";
    page.track(0, 0);
    page.leave();
    await simulation.advance(100);
    simulation.network = "pass";
    simulation.open();
    await simulation.advance(1_100);
    expect(simulation.stored).toEqual([0]);
  });

  it("is used when it opens late", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.storage = "hanging";
    const page = simulation.open();
    simulation.network = "down";
    page.track(0, 0);
    await simulation.advance(60_000);
    simulation.openHanging();
    await simulation.advance(10);
    page.crash();
    simulation.network = "pass";
    simulation.open();
    await simulation.advance(3_000);
    expect(simulation.stored).toEqual([0]);
  });
});

describe("a dropped event", () => {
  const start = () => {
    const simulation = createSimulation(randomFrom(1));
    return { simulation, page: simulation.open() };
  };

  it("is reported when the collector rejects its batch with a final error", async () => {
    const { simulation, page } = start();
    simulation.network = "reject";
    for (const number of [0, 1, 2]) page.track(number, 0);
    await simulation.advance(3_000);
    simulation.network = "pass";
    page.track(3, 0);
    await simulation.advance(3_000);
    expect(simulation.dropped).toEqual([{ from_seq: 0, to_seq: 2, reason: "refused" }]);
    expect(simulation.stored).toEqual([3]);
  });

  it("is one of the oldest of too many, and is reported", async () => {
    const { simulation, page } = start();
    simulation.network = "down";
    // Three events fill a batch.
    for (let number = 0; number < 630; number += 1) {
      page.track(number, 7_900);
      await simulation.advance(1_100);
    }
    simulation.network = "pass";
    await simulation.advance(100_000);
    // The next batch reports the ranges that were dropped since the last one.
    page.track(630, 0);
    await simulation.advance(3_000);
    const dropped = simulation.dropped.reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0);
    expect(dropped + simulation.stored.length).toBe(631);
    expect(simulation.dropped.every(({ reason }) => reason === "overflow")).toBe(true);
    expect(simulation.stored).toEqual(Array.from({ length: 631 - dropped }, (_, each) => dropped + each));
    expect(dropped).toBeGreaterThan(20);
    expect(dropped).toBeLessThan(60);
  });

  it("is one that has waited for a week, and is emitted as a delivery problem", async () => {
    const { simulation, page } = start();
    simulation.network = "down";
    const problems: string[] = [];
    page.tracker.on("delivery_problem", (problem) => problems.push(problem));
    page.track(0, 0);
    await simulation.advance(8 * 24 * 3_600_000);
    simulation.network = "pass";
    page.track(1, 0);
    await simulation.advance(100_000);
    page.track(2, 0);
    await simulation.advance(3_000);
    expect(simulation.stored).toEqual([1, 2]);
    // A session and its numbering end after half an hour, so that no later batch reports the range.
    expect(problems).toContain("expired");
  });
});

describe("a page", () => {
  it.each(["0", "false", "{}", '"x"', "[0]", "[{}]", '[{"events":[]}]', "{"])(
    "sends the unacknowledged batches of earlier pages when another script has written %s into the unload buffer",
    async (text) => {
      const simulation = createSimulation(randomFrom(1));
      const page = simulation.open();
      simulation.network = "down";
      page.track(0, 0);
      await simulation.advance(1_100);
      page.crash();
      const write = () => simulation.localStorage.setItem("tidemark.tm_shop_12345678.unsent", text);
      write();
      simulation.network = "pass";
      const next = simulation.open();
      await simulation.advance(60_000);
      expect(simulation.stored).toEqual([0]);
      write();
      simulation.network = "down";
      next.track(1, 0);
      next.leave();
      await simulation.advance(1_000);
      simulation.network = "pass";
      simulation.open();
      await simulation.advance(60_000);
      expect(simulation.stored).toEqual([0, 1]);
    },
  );

  it("sends nothing in the task in which an event is captured, however many events are queued", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    await simulation.advance(3_000);
    const before = simulation.requests;
    for (let number = 0; number < 150; number += 1) page.track(number, 0);
    expect(simulation.requests).toBe(before);
    await simulation.advance(100);
    expect(simulation.stored).toHaveLength(150);
  });
});

describe("a listener", () => {
  it("receives `sent` for each attempt of a batch, and `acknowledged` once with the batch's events", async () => {
    const simulation = createSimulation(randomFrom(1));
    const { tracker, track } = simulation.open();
    const received: string[] = [];
    const numbers = (events: { seq: number }[]) => events.map(({ seq }) => seq).join();
    tracker.on("sent", ({ events }) => received.push(`sent ${numbers(events)}`));
    tracker.on("acknowledged", ({ events, accepted }) => received.push(`stored ${accepted}: ${numbers(events)}`));
    simulation.network = "down";
    track(0, 0);
    await simulation.advance(10_000);
    for (const number of [1, 2]) track(number, 0);
    expect(new Set(received)).toEqual(new Set(["sent 0"]));
    expect(received.length).toBeGreaterThan(1);
    simulation.network = "pass";
    await simulation.advance(60_000);
    expect(received.slice(received.indexOf("stored 1: 0") - 1)).toEqual([
      "sent 0",
      "stored 1: 0",
      "sent 1,2",
      "stored 2: 1,2",
    ]);
  });
});

describe("a custom event", () => {
  it("is sent at once, and the events that follow while it is in flight are sent in one batch", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    await simulation.advance(3_000);
    const before = simulation.requests;
    page.track(0, 0);
    await simulation.advance(1);
    expect(simulation.requests - before).toBe(1);
    for (let number = 1; number < 10; number += 1) page.track(number, 0);
    await simulation.advance(3_000);
    expect(simulation.stored).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(simulation.requests - before).toBe(2);
  });
});

describe("a response of another program than the collector", () => {
  it.each(["foreign", "portal"] as const)("acknowledges and drops nothing: %s", async (fault) => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = fault;
    page.track(0, 0);
    await expect(settled(simulation, page.tracker.flush())).rejects.toThrow("1 batches wait");
    await simulation.advance(10 * 60_000);
    expect(simulation.stored).toEqual([]);
    simulation.network = "pass";
    await simulation.advance(60_000);
    expect(simulation.stored).toEqual([0]);
    expect(simulation.dropped).toEqual([]);
  });
});

describe("a request that never settles", () => {
  it("holds up delivery and flush() for 15 s, by the page's own clock", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = "stuck";
    page.track(0, 0);
    const start = simulation.now;
    const flushed = page.tracker.flush().catch(() => simulation.now - start);
    await simulation.advance(16_000);
    expect(await flushed).toBe(15_000);
    simulation.network = "pass";
    page.track(1, 0);
    await simulation.advance(20_000);
    expect(simulation.stored).toEqual([0, 1]);
  });

  it("is forgotten and sent again when the page is restored from the back-forward cache", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    await simulation.advance(3_000);
    simulation.network = "hang";
    page.track(0, 0);
    await simulation.advance(1);
    page.cache();
    await simulation.advance(1);
    simulation.network = "pass";
    page.restore();
    page.track(1, 0);
    await simulation.advance(100);
    expect(simulation.stored).toEqual([0, 1]);
  });
});

describe("an attempt", () => {
  it.each(["throws", "unreadable", "unencodable", "stuck", "truncate"] as const)(
    "that fails because of %s is followed by another, and flush() rejects meanwhile",
    async (fault) => {
      const simulation = createSimulation(randomFrom(1));
      const page = simulation.open();
      simulation.network = fault;
      page.track(0, 0);
      await expect(settled(simulation, page.tracker.flush())).rejects.toThrow("1 batches wait: ");
      simulation.network = "pass";
      page.track(1, 0);
      await simulation.advance(60_000);
      expect(simulation.stored.sort()).toEqual([0, 1]);
    },
  );

  it("is not affected by listeners that throw", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    for (const type of ["event", "sent", "acknowledged", "rejected", "delivery_problem"] as const)
      page.tracker.on(type, throwFromListener);
    for (const fault of ["down", "strict", "reject", "pass"] as const) {
      simulation.network = fault;
      page.track(faults.indexOf(fault), 0);
      await simulation.advance(100);
    }
    await simulation.advance(60_000);
    expect(simulation.stored).toContain(faults.indexOf("down"));
    expect(simulation.stored).toContain(faults.indexOf("pass"));
  });
});

describe("a compression", () => {
  it.each(compressions)("that %s delays no batch for more than a request", async (compression) => {
    const simulation = createSimulation(randomFrom(1));
    simulation.compression = compression;
    const page = simulation.open();
    page.track(0, 0);
    await simulation.advance(20_000);
    page.track(1, 0);
    await simulation.advance(100);
    expect(simulation.stored).toEqual([0, 1]);
  });

  it("that hangs does not keep a page that is left from sending", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.compression = "hangs";
    const page = simulation.open();
    page.track(0, 0);
    await simulation.advance(1);
    page.leave();
    await simulation.advance(100);
    expect(simulation.stored).toEqual([0]);
  });

  it("does not begin in a page that is left while it counts as visible", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    await simulation.advance(3_000);
    simulation.compression = "hangs";
    page.track(0, 0);
    page.leave("visible");
    await simulation.advance(100);
    expect(simulation.stored).toEqual([0]);
  });
});

describe("an older collector that does not know a field", () => {
  it("rejects the first batch of a page only, once for each unknown field, and stores all of them", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.knowsAllFields = false;
    const page = simulation.open();
    page.track(0, 0);
    await simulation.advance(60_000);
    expect(simulation.requests).toBe(3);
    page.track(1, 0);
    await simulation.advance(60_000);
    expect(simulation.requests).toBe(4);
    expect(simulation.stored).toEqual([0, 1]);
    expect(simulation.dropped).toEqual([]);
    expect(simulation.warnings).toEqual([]);
  });

  it("stores the events of a page that states its traffic", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.knowsAllFields = false;
    const page = simulation.open(undefined, 0, { traffic: "internal" });
    page.track(0, 0);
    await simulation.advance(60_000);
    expect(simulation.requests).toBe(4);
    page.track(1, 0);
    await simulation.advance(60_000);
    expect(simulation.stored).toEqual([0, 1]);
    expect([simulation.dropped, simulation.warnings]).toEqual([[], []]);
  });

  it("stores every batch of several in flight", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.network = "down";
    const page = simulation.open();
    for (let number = 0; number < 250; number += 1) page.track(number, 0);
    simulation.network = "late";
    simulation.knowsAllFields = false;
    page.leave();
    await simulation.advance(1_000);
    simulation.open();
    await simulation.advance(60_000);
    expect(simulation.stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 250 }, (_, number) => number));
  });
});

describe("a report of the SDK about itself", () => {
  /** A simulation, and the reports of the batches that its collector has received. */
  const withReports = () => {
    const simulation = createSimulation(randomFrom(1));
    const reports: unknown[] = [];
    simulation.respond = ({ sdk_report }) => {
      reports.push(sdk_report);
      return {};
    };
    return { simulation, reports };
  };

  const REPORT = { script_ms: expect.any(Number), errors: expect.any(Number), storage_errors: 0 };

  it("is in the first batch that a page sends while it is hidden, and in no later one of its session", async () => {
    const { simulation, reports } = withReports();
    const page = simulation.open();
    page.track(0, 0);
    await simulation.advance(1_000);
    page.show(false);
    for (const number of [1, 2]) {
      page.track(number, 0);
      await simulation.advance(1_000);
    }
    page.leave();
    await simulation.advance(1_000);
    const next = simulation.open();
    next.track(3, 0);
    await simulation.advance(1_000);
    next.show(false);
    next.track(4, 0);
    await simulation.advance(1_000);
    expect(simulation.stored).toEqual([0, 1, 2, 3, 4]);
    // The page sends its last batch again when it is left.
    expect(reports).toEqual([undefined, REPORT, ...Array(reports.length - 2).fill(undefined)]);
  });

  it("is in a batch that a visible page sends after its first minute", async () => {
    const { simulation, reports } = withReports();
    const page = simulation.open();
    for (const number of [0, 1, 2]) {
      page.track(number, 0);
      await simulation.advance(61_000);
    }
    expect(reports).toEqual([undefined, REPORT, undefined]);
  });

  it("does not keep its batch from a collector that does not know it", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.knowsAllFields = false;
    const page = simulation.open();
    page.show(false);
    page.track(0, 0);
    await simulation.advance(1_000);
    page.track(1, 0);
    await simulation.advance(1_000);
    expect(simulation.stored).toEqual([0, 1]);
    expect([simulation.dropped, simulation.warnings]).toEqual([[], []]);
  });
});

describe("an event at which the collector fails", () => {
  it("holds up no other event: not those of its batch, and not those of later batches", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    await simulation.advance(3_000);
    simulation.defects.add(4);
    for (let number = 0; number < 7; number += 1) page.track(number, 0);
    await simulation.advance(60_000);
    expect(simulation.stored.sort()).toEqual([0, 1, 2, 3, 5, 6]);
    page.track(7, 0);
    await simulation.advance(2_000);
    expect(simulation.stored).toContain(7);
  });

  it("is dropped and reported after a bounded number of attempts, during which others were stored", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    await simulation.advance(3_000);
    simulation.defects.add(0);
    page.track(0, 0);
    const dropped: unknown[] = [];
    page.tracker.on("rejected", ({ code, events }) => dropped.push(code, events.length));
    for (let number = 1; number < 20; number += 1) {
      await simulation.advance(20_000);
      page.track(number, 0);
    }
    await simulation.advance(20_000);
    expect(dropped).toEqual(["internal", 1]);
    expect(simulation.dropped).toEqual([{ from_seq: 0, to_seq: 0, reason: "refused" }]);
    expect(simulation.stored).toHaveLength(19);
  });

  it("is not assumed while the collector stores nothing: few batches are split, and none is dropped", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = "error";
    for (let number = 0; number < 400; number += 1) page.track(number, 0);
    await simulation.advance(30 * 60_000);
    simulation.network = "pass";
    const before = simulation.requests;
    await simulation.advance(200_000);
    expect(simulation.stored).toHaveLength(400);
    expect(simulation.requests - before).toBeLessThan(12);
  });

  it("is not dropped while the collector fails at every event", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    for (let number = 0; number < 40; number += 1) simulation.defects.add(number);
    for (let number = 0; number < 40; number += 1) {
      page.track(number, 0);
      await simulation.advance(60_000);
    }
    simulation.defects.clear();
    await simulation.advance(200_000);
    expect(simulation.stored.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, number) => number));
  });

  it("stays dropped for later pages where IndexedDB is full", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.storage = "full";
    const page = simulation.open();
    simulation.network = "down";
    for (let number = 0; number < 4; number += 1) page.track(number, 0);
    page.leave();
    await simulation.advance(100);
    simulation.network = "pass";
    simulation.defects.add(1);
    const next = simulation.open();
    await simulation.advance(200_000);
    next.track(4, 0);
    await simulation.advance(200_000);
    expect(simulation.stored.sort()).toEqual([0, 2, 3, 4]);
    next.leave();
    await simulation.advance(100);
    const { requests } = simulation;
    simulation.open();
    await simulation.advance(200_000);
    expect(simulation.requests).toBe(requests);
  });
});

describe("flush", () => {
  it("rejects with the reason when the collector has rejected an event, once", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = "strict";
    page.track(0, 0);
    await simulation.advance(1_000);
    page.track(1, 0);
    const flushed = page.tracker.flush();
    const other = page.tracker.flush();
    other.catch(() => {});
    await expect(settled(simulation, flushed)).rejects.toThrow(/event 0: .*\(invalid_field\); event 1: /);
    await expect(other).rejects.toThrow("event 1: ");
    await page.tracker.flush();
    expect(simulation.warnings.filter((text) => text.includes("invalid_field"))).toHaveLength(1);
  });

  it("rejects with the reason when the collector has rejected a batch", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = "reject";
    for (const number of [0, 1]) {
      page.track(number, 0);
      await expect(settled(simulation, page.tracker.flush())).rejects.toThrow("no site (unknown_key)");
    }
    expect(simulation.warnings.filter((text) => text.includes("unknown_key"))).toHaveLength(1);
  });
});

describe("a page that gets a Retry-After", () => {
  /** Starts a hidden page without jitter, with two batches in flight, the second 10 ms after the first. */
  const startTwo = async () => {
    const simulation = createSimulation(() => 0);
    const page = simulation.open();
    simulation.network = "busy";
    page.track(0, 0);
    await simulation.advance(10);
    page.show(false);
    page.track(1, 0);
    return { simulation, page };
  };

  it("sends nothing until the latest Retry-After of several responses", async () => {
    const { simulation } = await startTwo();
    await simulation.advance(20_000);
    expect(simulation.requests).toBeGreaterThan(4);
    expect(simulation.violations).toEqual([]);
  });

  it("sends nothing until Retry-After when another request has failed without a response since", async () => {
    const { simulation, page } = await startTwo();
    await simulation.advance(15);
    simulation.network = "down";
    await simulation.advance(10);
    page.show(true);
    await simulation.advance(1_000);
    expect(simulation.requests).toBe(2);
    expect(simulation.violations).toEqual([]);
  });

  it.each(["busy", "paused"] as const)(
    "sends a batch in one piece after many responses that it is %s",
    async (fault) => {
      const simulation = createSimulation(randomFrom(1));
      const page = simulation.open();
      simulation.network = fault;
      for (let number = 0; number < 16; number += 1) page.track(number, 0);
      await simulation.advance(120_000);
      const refused = simulation.requests;
      expect(refused).toBeGreaterThan(4);
      simulation.network = "pass";
      await simulation.advance(120_000);
      expect(simulation.stored).toHaveLength(16);
      expect(simulation.requests).toBe(refused + 1);
      expect(simulation.violations).toEqual([]);
    },
  );

  it("waits for a day when Retry-After is longer than a timer can wait", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = "busy";
    simulation.retryAfter = 1e9;
    page.track(0, 0);
    await simulation.advance(86_000_000);
    expect(simulation.requests).toBe(1);
  });

  it.each([true, false])("sends nothing when it is left before Retry-After is over; fetchLater: %s", async (has) => {
    const simulation = createSimulation(randomFrom(1));
    simulation.hasFetchLater = has;
    const page = simulation.open();
    simulation.network = "busy";
    page.track(0, 0);
    await simulation.advance(100);
    simulation.network = "pass";
    page.track(1, 0);
    page.leave();
    await simulation.advance(1_000);
    expect(simulation.violations).toEqual([]);
    expect(simulation.stored).toEqual([]);
    simulation.open();
    await simulation.advance(3_000);
    expect(simulation.stored.sort()).toEqual([0, 1]);
  });
});

describe("a page among others", () => {
  it("retries about twice a minute while the collector is down, at a different time than the others", async () => {
    const simulation = createSimulation(randomFrom(1));
    const pages = Array.from({ length: 60 }, () => simulation.open());
    simulation.network = "down";
    for (const page of pages) page.track(0, 0);
    await simulation.advance(600_000);
    const before = simulation.requests;
    let most = 0;
    for (let second = 0; second < 300; second += 1) {
      const requests = simulation.requests;
      await simulation.advance(1_000);
      most = Math.max(most, simulation.requests - requests);
    }
    const perPage = (simulation.requests - before) / pages.length;
    expect(perPage).toBeGreaterThan(7);
    expect(perPage).toBeLessThan(14);
    // The average is two a second.
    expect(most).toBeLessThan(10);
  }, 60_000);

  it("sends its own batch once when it spools the batch before it reads the spool", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.network = "down";
    simulation.open().track(0, 0);
    await simulation.advance(3_000);
    // This page claims the batch.
    const recovering = simulation.open();
    await simulation.advance(100);
    const page = simulation.open();
    page.track(1, 0);
    await simulation.advance(3_000);
    simulation.network = "pass";
    const before = simulation.requests;
    recovering.show(false);
    await simulation.advance(120_000);
    expect(simulation.stored.sort()).toEqual([0, 1]);
    // The first batch is sent by both pages that have it, the second only by the page that captured it.
    expect(simulation.requests - before).toBe(3);
  });

  it("takes over the batches of a page that crashed while it recovered them", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.network = "down";
    const page = simulation.open();
    page.track(0, 0);
    await simulation.advance(3_000);
    page.crash();
    const recovering = simulation.open();
    await simulation.advance(100);
    simulation.open();
    await simulation.advance(200_000);
    recovering.crash();
    simulation.network = "pass";
    const before = simulation.requests;
    await simulation.advance(20_000);
    expect(simulation.requests).toBe(before);
    await simulation.advance(80_000);
    expect(simulation.stored).toEqual([0]);
  });

  it("sends the unacknowledged batches of earlier pages only if no other page does", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = "down";
    for (let number = 0; number < 150; number += 1) page.track(number, 0);
    await simulation.advance(1_000);
    page.leave();
    await simulation.advance(60_000);
    simulation.network = "pass";
    const before = simulation.requests;
    for (let each = 0; each < 10; each += 1) simulation.open();
    await simulation.advance(60_000);
    expect(simulation.stored).toHaveLength(150);
    expect(simulation.requests - before).toBe(2);
  });
});
