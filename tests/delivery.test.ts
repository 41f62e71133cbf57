import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSimulation, type Fault, faults, type Page, type StorageState } from "./simulation/simulation.ts";

/** What happens in the simulation. `page` picks one of those that are open. */
type Action =
  | { kind: "track"; page: number; count: number; bytes: number }
  | { kind: "pass"; ms: number }
  | { kind: "network"; fault: Fault }
  | { kind: "show"; page: number; isVisible: boolean }
  | { kind: "open"; clock: number }
  | { kind: "navigate" | "leave" | "crash" | "flush"; page: number };

const page = fc.nat(3);
/** Many small events, or some large ones: together fewer than a page may hold back. */
const amount = fc.oneof(
  fc.record({ count: fc.integer({ min: 1, max: 60 }), bytes: fc.constantFrom(0, 200) }),
  fc.record({ count: fc.integer({ min: 1, max: 8 }), bytes: fc.constant(4_000) }),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(page, amount).map(([page, amount]) => ({ kind: "track", page, ...amount }) as const),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass"), ms: fc.constantFrom(1, 100, 300, 2_500, 20_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("network"), fault: fc.constantFrom(...faults) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("show"), page, isVisible: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("open"), clock: fc.constantFrom(0, 0, -3_600_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("navigate", "leave", "crash", "flush"), page }) },
);

/** Longest time that an event is in memory only, in milliseconds: what a crash can cost. */
const WRITE_BEHIND_MS = 1_000;

/** Until the last retry has been made, in milliseconds. */
const PATIENCE_MS = 400_000;

/** A small generator (mulberry32), so that a run depends on its seed alone. */
const randomFrom = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const play = async (actions: Action[], seed: number, storage: StorageState) => {
  const simulation = createSimulation(randomFrom(seed));
  simulation.storage = storage;
  simulation.hasFetchLater = seed % 2 === 0;
  const open = new Map<Page, { number: number; at: number }[]>();
  /** Events that were in memory only when their page crashed. */
  const forgotten = new Set<number>();
  let tracked = 0;

  const start = (before?: Page, clock?: number) => {
    open.set(simulation.open(before, clock), []);
  };
  const perform = async (each: Action) => {
    if (each.kind === "pass") return simulation.advance(each.ms);
    if (each.kind === "network") {
      simulation.network = each.fault;
      return;
    }
    if (each.kind === "open" || !open.size) return start(undefined, each.kind === "open" ? each.clock : 0);
    const [chosen, events] = [...open][each.page % open.size] ?? [];
    if (!chosen || !events) return;
    if (each.kind === "track") {
      for (let rest = each.count; rest > 0; rest -= 1) {
        chosen.track(tracked, each.bytes);
        events.push({ number: tracked, at: simulation.now });
        tracked += 1;
      }
    } else if (each.kind === "show") chosen.show(each.isVisible);
    else if (each.kind === "flush") chosen.tracker.flush().catch(() => {});
    else {
      open.delete(chosen);
      if (each.kind === "crash") {
        chosen.crash();
        for (const { number, at } of events) if (simulation.now - at <= WRITE_BEHIND_MS) forgotten.add(number);
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
  await simulation.advance(PATIENCE_MS);
  for (const each of open.keys()) each.show(true);
  const last = simulation.open();
  await simulation.advance(PATIENCE_MS);
  await last.tracker.flush();

  const stored = new Set(simulation.stored);
  const numbers = Array.from({ length: tracked }, (_, number) => number);
  return {
    violations: simulation.violations,
    twice: simulation.stored.length - stored.size,
    lost: numbers.filter((number) => !stored.has(number) && !forgotten.has(number) && !simulation.refused.has(number)),
  };
};

/** Runs the property over what may happen in a simulation with that storage. */
const holdsFor = (storage: StorageState, kinds: readonly Action["kind"][], numRuns: number) =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        action.filter(({ kind }) => kinds.includes(kind)),
        { maxLength: 30 },
      ),
      fc.integer(),
      async (actions, seed) => {
        expect(await play(actions, seed, storage)).toEqual({ violations: [], twice: 0, lost: [] });
      },
    ),
    { numRuns },
  );

const stays = ["track", "pass", "network", "show", "open", "flush"] as const;
const leaves = [...stays, "navigate", "leave"] as const;
const dies = [...leaves, "crash"] as const;

describe("delivery, under whatever happens to pages and network", () => {
  it(
    "stores every event once, but for what a crash takes within the write-behind time and what is refused",
    () => holdsFor("free", dies, 1_200),
    120_000,
  );

  it(
    "stores every event once when IndexedDB keeps nothing, unless the browser crashes",
    () => holdsFor("full", leaves, 400),
    120_000,
  );

  it(
    "stores every event of pages that stay when no storage is allowed",
    () => holdsFor("forbidden", stays, 400),
    120_000,
  );
});

describe("what delivery gives up", () => {
  const start = () => {
    const simulation = createSimulation(randomFrom(1));
    return { simulation, page: simulation.open() };
  };

  it("is reported when the collector refuses it for good", async () => {
    const { simulation, page } = start();
    simulation.network = "refuse";
    for (const number of [0, 1, 2]) page.track(number, 0);
    await simulation.advance(3_000);
    simulation.network = "pass";
    page.track(3, 0);
    await simulation.advance(3_000);
    expect(simulation.dropped).toEqual([{ from_seq: 0, to_seq: 2, reason: "refused" }]);
    expect(simulation.stored).toEqual([3]);
  });

  it("is the oldest of what is too much, and is reported", async () => {
    const { simulation, page } = start();
    simulation.network = "down";
    // Two fill a batch.
    for (let number = 0; number < 420; number += 1) {
      page.track(number, 6_000);
      await simulation.advance(1_100);
    }
    simulation.network = "pass";
    await simulation.advance(100_000);
    // The next batch reports what was given up since the last.
    page.track(420, 0);
    await simulation.advance(3_000);
    const given = simulation.dropped.reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0);
    expect(given + simulation.stored.length).toBe(421);
    expect(simulation.dropped.every(({ reason }) => reason === "overflow")).toBe(true);
    expect(simulation.stored).toEqual(Array.from({ length: 421 - given }, (_, each) => given + each));
    expect(given).toBeGreaterThan(15);
    expect(given).toBeLessThan(40);
  });

  it("is what has waited for a week, and is reported", async () => {
    const { simulation, page } = start();
    simulation.network = "down";
    const troubles: string[] = [];
    page.tracker.on("delivery_problem", (why) => troubles.push(why));
    page.track(0, 0);
    await simulation.advance(8 * 24 * 3_600_000);
    simulation.network = "pass";
    page.track(1, 0);
    await simulation.advance(100_000);
    page.track(2, 0);
    await simulation.advance(3_000);
    expect(simulation.stored).toEqual([1, 2]);
    // A session ends after half an hour, and its numbering with it: what was given up is told, not reported.
    expect(troubles).toContain("expired");
  });
});

describe("a page", () => {
  it.each(["0", "false", "{}", '"x"', "[0]", "[{}]", '[{"events":[]}]', "{"])(
    "sends what pages have left, though another script has written %s where the last of it is kept",
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

  it("sends nothing within the turn in which an event is captured, however much there is to send", async () => {
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

describe("who listens to a tracker", () => {
  it("hears of each batch whenever it is sent, and once, with its events, when it is answered", async () => {
    const simulation = createSimulation(randomFrom(1));
    const { tracker, track } = simulation.open();
    const heard: string[] = [];
    const numbers = (events: { seq: number }[]) => events.map(({ seq }) => seq).join();
    tracker.on("sent", ({ events }) => heard.push(`sent ${numbers(events)}`));
    tracker.on("acknowledged", ({ events, accepted }) => heard.push(`stored ${accepted}: ${numbers(events)}`));
    simulation.network = "down";
    track(0, 0);
    await simulation.advance(10_000);
    for (const number of [1, 2]) track(number, 0);
    expect(new Set(heard)).toEqual(new Set(["sent 0"]));
    expect(heard.length).toBeGreaterThan(1);
    simulation.network = "pass";
    await simulation.advance(60_000);
    expect(heard.slice(heard.indexOf("stored 1: 0") - 1)).toEqual([
      "sent 0",
      "stored 1: 0",
      "sent 1,2",
      "stored 2: 1,2",
    ]);
  });
});

describe("what the site reports", () => {
  it("goes at once, and what follows while it is under way goes together", async () => {
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

describe("the collector", () => {
  /** A hidden page without jitter, which comes back the moment it may: two batches are under way, the second 10 ms behind. */
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

  it("is left in peace for as long as any of several answers asked for", async () => {
    const { simulation } = await startTwo();
    await simulation.advance(20_000);
    expect(simulation.requests).toBeGreaterThan(4);
    expect(simulation.violations).toEqual([]);
  });

  it("is left in peace though another request failed without an answer since it asked for that", async () => {
    const { simulation, page } = await startTwo();
    await simulation.advance(15);
    simulation.network = "down";
    await simulation.advance(10);
    page.show(true);
    await simulation.advance(1_000);
    expect(simulation.requests).toBe(2);
    expect(simulation.violations).toEqual([]);
  });

  it("is left in peace for a day when it asks for more than timers can wait for", async () => {
    const simulation = createSimulation(randomFrom(1));
    const page = simulation.open();
    simulation.network = "busy";
    simulation.retryAfter = 1e9;
    page.track(0, 0);
    await simulation.advance(86_000_000);
    expect(simulation.requests).toBe(1);
  });

  it.each([true, false])("gets nothing of a page that is left while it rests; fetchLater: %s", async (has) => {
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

  it("is left in peace while it is down: of hundreds of pages each asks about twice a minute, at a time of its own", async () => {
    const simulation = createSimulation(randomFrom(1));
    const pages = Array.from({ length: 200 }, () => simulation.open());
    simulation.network = "down";
    for (const page of pages) page.track(0, 0);
    await simulation.advance(600_000);
    const before = simulation.requests;
    let most = 0;
    for (let second = 0; second < 300; second += 1) {
      const asked = simulation.requests;
      await simulation.advance(1_000);
      most = Math.max(most, simulation.requests - asked);
    }
    const perPage = (simulation.requests - before) / pages.length;
    expect(perPage).toBeGreaterThan(7);
    expect(perPage).toBeLessThan(14);
    // Seven a second on average: a storm would be all at once.
    expect(most).toBeLessThan(30);
  });

  it("gets a page's batch once, though the page spools before it knows what others have left", async () => {
    const simulation = createSimulation(randomFrom(1));
    simulation.network = "down";
    simulation.open().track(0, 0);
    await simulation.advance(3_000);
    // It answers for that, and lets no other page know the spool before it is sent.
    const heir = simulation.open();
    await simulation.advance(100);
    const page = simulation.open();
    page.track(1, 0);
    await simulation.advance(3_000);
    simulation.network = "pass";
    const before = simulation.requests;
    heir.show(false);
    await simulation.advance(120_000);
    expect(simulation.stored.sort()).toEqual([0, 1]);
    // The first batch by both pages that have it, the second by its own.
    expect(simulation.requests - before).toBe(3);
  });

  it("gets a backlog once, however many pages open over it", async () => {
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
