import type { BatchResponse, Envelope } from "@tidemark/schema";
import type { Reaction, TrackerOptions } from "@tidemark/sdk";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSimulation, type Fault, type Page, type Simulation } from "./simulation/simulation.ts";

/** Time after which the last retry has been made, in milliseconds. */
const ALL_RETRIES_MS = 400_000;

/** Time in which a batch arrives, in milliseconds. */
const SENT_MS = 20;

/** Time from a batch until the page calls its listeners for a reaction of the response, in milliseconds. */
const CALLED_MS = SENT_MS + 50;

/** Time in which a page passes a reaction of a response to its listeners, in milliseconds. */
const SOON_MS = 200;

const HOUR_MS = 3_600_000;

/** Number of races between pages. */
const RACES = 150;

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

type Ids = Record<string, true>;

/** A collector that delivers the reactions of a session until they are acknowledged, like the real one. */
const createReactions = (simulation: Simulation) => {
  let fired = 0;
  const pending = new Map<string, { id: string; name: string; payload: object; until: number }>();
  const outcomes: Record<"received" | "unknown", Ids> = { received: {}, unknown: {} };
  const asked: (string[] | undefined)[] = [];
  simulation.respond = ({ reactions_received, reactions_unknown = [], session_secret }: Envelope) => {
    asked.push(reactions_received);
    if (!reactions_received || !session_secret) return {};
    const acknowledge = (step: "received" | "unknown", ids: string[]) => {
      for (const id of ids) if (pending.delete(id)) outcomes[step][id] = true;
    };
    acknowledge("received", reactions_received);
    acknowledge("unknown", reactions_unknown);
    const reactions = [...pending.values()]
      .slice(0, 8)
      .map(({ until, ...each }) => ({ ...each, expires_in_ms: until - simulation.now }))
      .filter(({ expires_in_ms }) => expires_in_ms > 0);
    return (reactions[0] ? { reactions } : {}) as Partial<BatchResponse>;
  };
  return {
    asked,
    pending,
    outcomes,
    /** Fires a reaction. Returns its id. */
    fire(name = "offer", payload: object = {}, expiresInMs = 12 * HOUR_MS) {
      fired += 1;
      const id = `reaction-${fired}`;
      pending.set(id, { id, name, payload, until: simulation.now + expiresInMs });
      return id;
    },
  };
};

const simulate = (seed = 1) => {
  const simulation = createSimulation(randomFrom(seed));
  simulation.sendWithin = 0;
  return { simulation, ...createReactions(simulation) };
};

/** Adds a listener to a page. Returns the reactions that it receives. */
const received = ({ tracker }: Page): Reaction[] => {
  const all: Reaction[] = [];
  tracker.on("reaction", (reaction) => all.push(reaction));
  return all;
};

const idsOf = (all: Reaction[]) => all.map(({ id }) => id);

/** Tracks an event, which a batch delivers at once, and lets the page act on the response. */
const exchange = async (simulation: Simulation, page: Page) => {
  page.track(0, 0);
  await simulation.advance(SOON_MS);
};

describe("a reaction in the response to a batch", () => {
  it("reaches the page's listeners once, and the collector knows from the next batch", async () => {
    const { simulation, fire, outcomes, asked } = simulate();
    const page = simulation.open();
    const all = received(page);
    const id = fire("offer", { percent: 10 }, 60_000);
    await exchange(simulation, page);
    expect(all).toMatchObject([{ id, name: "offer", payload: { percent: 10 } }]);
    expect(all[0]?.expiresInMs).toBeGreaterThan(59_000);
    for (let left = 3; left > 0; left -= 1) await exchange(simulation, page);
    expect(all).toHaveLength(1);
    expect(outcomes).toEqual({ received: { [id]: true }, unknown: {} });
    expect(asked).toEqual([[], [id], [], []]);
    expect(simulation.violations).toEqual([]);
  });

  it("waits for the first listener", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const id = fire();
    await exchange(simulation, page);
    await simulation.advance(10_000);
    const all = received(page);
    await simulation.advance(SOON_MS);
    expect(idsOf(all)).toEqual([id]);
  });

  it("waits no longer than until it expires", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    fire("offer", {}, 5_000);
    await exchange(simulation, page);
    await simulation.advance(5_000);
    const all = received(page);
    await simulation.advance(SOON_MS);
    expect(all).toEqual([]);
  });

  it("waits while the page is hidden", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const all = received(page);
    const id = fire();
    page.track(0, 0);
    page.show(false);
    await simulation.advance(10_000);
    expect(all).toEqual([]);
    page.show(true);
    await simulation.advance(SOON_MS);
    expect(idsOf(all)).toEqual([id]);
  });

  it("counts as received when a listener throws, and the page continues", async () => {
    const { simulation, fire, outcomes } = simulate();
    const page = simulation.open();
    page.tracker.on("reaction", () => {
      throw new Error("of the page");
    });
    const all = received(page);
    const id = fire();
    for (let left = 2; left > 0; left -= 1) await exchange(simulation, page);
    expect(idsOf(all)).toEqual([id]);
    expect(outcomes.received).toEqual({ [id]: true });
    expect(simulation.warnings.join()).toContain("of the page");
  });

  it("is not passed on again when the acknowledgement is lost, and is acknowledged again", async () => {
    const { simulation, fire, outcomes, pending } = simulate();
    const page = simulation.open();
    const all = received(page);
    const id = fire();
    const item = pending.get(id);
    await exchange(simulation, page);
    await exchange(simulation, page);
    // The collector has lost the acknowledgement, for example by a restore.
    outcomes.received = {};
    if (item) pending.set(id, item);
    for (let left = 2; left > 0; left -= 1) await exchange(simulation, page);
    expect(all).toHaveLength(1);
    expect(outcomes.received).toEqual({ [id]: true });
  });

  it("reaches one of several pages", async () => {
    const { simulation, fire, outcomes } = simulate();
    simulation.storageLagMs = 24;
    const pages = [simulation.open(), simulation.open(), simulation.open()];
    const all = pages.map(received);
    const ids = [fire(), fire("other")];
    for (const page of pages) page.track(0, 0);
    await simulation.advance(SOON_MS);
    for (let left = 2; left > 0; left -= 1) for (const page of pages) await exchange(simulation, page);
    expect(idsOf(all.flat()).sort()).toEqual(ids);
    expect(outcomes.received).toEqual({ [`${ids[0]}`]: true, [`${ids[1]}`]: true });
  });

  it("is not repeated when another page overwrites its note, which the other page has not yet seen", async () => {
    for (let offset = 0; offset < 24; offset += 2) {
      const { simulation } = simulate(offset);
      simulation.storageLagMs = 24;
      const item = (id: string) => ({ id, name: "offer", payload: {}, expires_in_ms: HOUR_MS });
      const [page, other] = [simulation.open(), simulation.open()];
      const runs = [received(page), received(other)];
      simulation.respond = () => ({ reactions: [item("reaction-1")] });
      page.track(0, 0);
      await simulation.advance(CALLED_MS - SENT_MS + offset);
      // The other page claims its reaction at about the time at which the first page notes the first one.
      simulation.respond = () => ({ reactions: [item("reaction-2")] });
      other.track(1, 0);
      await simulation.advance(SOON_MS);
      page.crash();
      const next = simulation.open();
      runs.push(received(next));
      simulation.respond = () => ({ reactions: [item("reaction-1"), item("reaction-2")] });
      for (let left = 3; left > 0; left -= 1) {
        await exchange(simulation, next);
        await simulation.advance(6_000);
      }
      expect(runs.map(idsOf)).toEqual([["reaction-1"], ["reaction-2"], []]);
    }
  });

  it("reaches one of several pages that receive many reactions at about the same time", async () => {
    for (let seed = 0; seed < RACES; seed += 1) {
      const { simulation } = simulate(seed);
      simulation.storageLagMs = 24;
      const random = randomFrom(seed + 1_000);
      const pages = [simulation.open(), simulation.open(), simulation.open()];
      const runs = pages.map(received);
      const items = Array.from({ length: 6 }, (_, index) => ({
        ...{ id: `reaction-${index}`, name: "offer", payload: {}, expires_in_ms: HOUR_MS },
      }));
      simulation.respond = () => ({ reactions: items.filter(() => random() < 0.4) });
      for (let left = 40; left > 0; left -= 1) {
        const page = pages[Math.floor(random() * pages.length)];
        page?.track(left, 0);
        void page?.tracker.flush().catch(() => {});
        await simulation.advance(Math.floor(random() * 12));
      }
      await simulation.advance(2_000);
      const ids = idsOf(runs.flat());
      expect(new Set(ids).size).toBe(ids.length);
    }
  }, 120_000);

  it("is not unknown to a page that sees the note before the confirmation", async () => {
    for (let seed = 0; seed < 12; seed += 1) {
      const { simulation, fire, outcomes } = simulate(seed);
      simulation.storageLagMs = 24;
      const [page, other] = [simulation.open(), simulation.open()];
      received(page);
      const id = fire();
      page.track(0, 0);
      await simulation.advance(CALLED_MS);
      for (let left = 24; left > 0; left -= 1) {
        other.track(0, 0);
        void other.tracker.flush().catch(() => {});
        await simulation.advance(1);
      }
      for (const each of [page, other]) await exchange(simulation, each);
      expect(outcomes).toEqual({ received: { [id]: true }, unknown: {} });
    }
  });

  it("is unknown when its page ends in the listener, and runs in no other page", async () => {
    const { simulation, fire, outcomes } = simulate();
    const page = simulation.open();
    page.tracker.on("reaction", page.crash);
    const id = fire();
    await exchange(simulation, page);
    const next = simulation.open();
    const all = received(next);
    await simulation.advance(10_000);
    await exchange(simulation, next);
    expect(all).toEqual([]);
    expect(outcomes).toEqual({ received: {}, unknown: { [id]: true } });
  });

  it("is received when its page ends after the listener, before the next batch", async () => {
    const { simulation, fire, outcomes } = simulate();
    const page = simulation.open();
    const first = received(page);
    const id = fire();
    await exchange(simulation, page);
    page.crash();
    const next = simulation.open();
    const all = received(next);
    await exchange(simulation, next);
    expect([idsOf(first), all]).toEqual([[id], []]);
    expect(outcomes).toEqual({ received: { [id]: true }, unknown: {} });
  });

  it("runs in a later page when its page ends before it calls a listener", async () => {
    const { simulation, fire, outcomes } = simulate();
    const page = simulation.open();
    const first = received(page);
    const id = fire();
    page.track(0, 0);
    await simulation.advance(50);
    page.crash();
    const next = simulation.open();
    const all = received(next);
    for (let left = 3; left > 0; left -= 1) {
      await exchange(simulation, next);
      await simulation.advance(6_000);
    }
    expect([first, idsOf(all)]).toEqual([[], [id]]);
    expect(outcomes.received).toEqual({ [id]: true });
  });

  it("works in memory where the browser stores nothing, and in a cookieless tracker", async () => {
    for (const cookieless of [false, true]) {
      const { simulation, fire, outcomes } = simulate();
      if (!cookieless) simulation.storage = "forbidden";
      const page = simulation.open(undefined, 0, { cookieless });
      const all = received(page);
      const id = fire();
      for (let left = 3; left > 0; left -= 1) await exchange(simulation, page);
      expect(idsOf(all)).toEqual([id]);
      expect(outcomes.received).toEqual({ [id]: true });
    }
  });

  it("is asked for no more when an older collector rejects the field, and no event is lost", async () => {
    const { simulation, fire, asked } = simulate();
    simulation.knowsAllFields = false;
    const page = simulation.open();
    const all = received(page);
    fire();
    await exchange(simulation, page);
    const { requests } = simulation;
    page.track(1, 0);
    await simulation.advance(SOON_MS);
    expect(simulation.stored).toEqual([0, 1]);
    expect(simulation.requests - requests).toBe(1);
    expect(asked.every((ids) => ids === undefined)).toBe(true);
    expect(all).toEqual([]);
  });
});

describe("reactions that fire without a batch", () => {
  /** A connection of the page, which the test ends and by which it sends. */
  const createFollow = () => {
    const connections: { send(items: unknown): void; isOpen: boolean; part: unknown }[] = [];
    const follow: TrackerOptions["follow"] = (_state, _key, _url, _on, _stops, listener, part) => {
      const connection = { send: listener as (items: unknown) => void, isOpen: true, part };
      connections.push(connection);
      return () => {
        connection.isOpen = false;
      };
    };
    const open = () => connections.filter(({ isOpen }) => isOpen);
    return { follow, connections, open };
  };
  const item = (id: string) => ({ id, name: "offer", payload: {}, expires_in_ms: 60_000 });

  it("reach the page by one connection, while the collector says so and the tracker has the option", async () => {
    const { simulation } = simulate();
    const { follow, connections, open } = createFollow();
    let isDue: unknown = true;
    simulation.respond = () => ({ follow_reactions: isDue }) as never;
    const page = simulation.open(undefined, 0, { follow });
    const all = received(page);
    expect(connections).toEqual([]);
    for (let left = 3; left > 0; left -= 1) await exchange(simulation, page);
    expect(connections).toMatchObject([{ isOpen: true, part: { reactions: 1 } }]);
    for (let left = 2; left > 0; left -= 1) connections[0]?.send([item("reaction-1")]);
    await simulation.advance(SOON_MS);
    expect(idsOf(all)).toEqual(["reaction-1"]);
    isDue = undefined;
    await exchange(simulation, page);
    expect(open()).toEqual([]);
    isDue = true;
    await exchange(simulation, page);
    expect([connections.length, open().length]).toEqual([2, 1]);
    page.tracker.stop();
    expect(open()).toEqual([]);
  });

  it("reach one of several pages", async () => {
    const { simulation } = simulate();
    simulation.storageLagMs = 24;
    const { follow, connections } = createFollow();
    simulation.respond = () => ({ follow_reactions: true });
    const pages = [simulation.open(undefined, 0, { follow }), simulation.open(undefined, 0, { follow })];
    const all = pages.map(received);
    for (const page of pages) await exchange(simulation, page);
    for (const { send } of connections) send([item("reaction-1")]);
    await simulation.advance(SOON_MS);
    expect([connections.length, idsOf(all.flat())]).toEqual([2, ["reaction-1"]]);
  });

  it.each<[title: string, leave: (page: Page) => void]>([
    ["logs out", ({ tracker }) => tracker.reset()],
    ["denies personalisation", ({ tracker }) => tracker.consent({ personalisation: "denied" })],
  ])("reach no visitor who %s", async (_, leave) => {
    const { simulation } = simulate();
    const { follow, connections, open } = createFollow();
    simulation.respond = () => ({ follow_reactions: true });
    const page = simulation.open(undefined, 0, { follow });
    const all = received(page);
    await exchange(simulation, page);
    leave(page);
    expect(open()).toEqual([]);
    connections[0]?.send([item("reaction-1")]);
    await simulation.advance(SOON_MS);
    expect(all).toEqual([]);
  });

  it("need no connection without the option", async () => {
    const { simulation } = simulate();
    simulation.respond = () => ({ follow_reactions: true });
    const page = simulation.open();
    for (let left = 2; left > 0; left -= 1) await exchange(simulation, page);
    expect(simulation.warnings).toEqual([]);
  });
});

describe("hostile responses", () => {
  it.each<[title: string, reactions: unknown]>([
    ["text", "reactions"],
    ["an object", { 0: { id: "reaction-1" } }],
    ["null", null],
    ["items that are no objects", [null, 1, "text", true, [], [[]]]],
    ["items without fields", [{}, { id: "reaction-1" }]],
    ["wrong types", [{ id: 1, name: 2, payload: 3, expires_in_ms: "4" }]],
    ["a name with markup", [{ id: "reaction-1", name: "<b>", payload: {}, expires_in_ms: 1_000 }]],
    ["a long id", [{ id: "x".repeat(65), name: "offer", payload: {}, expires_in_ms: 1_000 }]],
    ["a payload that is a list", [{ id: "reaction-1", name: "offer", payload: [], expires_in_ms: 1_000 }]],
    ["no payload", [{ id: "reaction-1", name: "offer", payload: null, expires_in_ms: 1_000 }]],
    ["no time left", [{ id: "reaction-1", name: "offer", payload: {}, expires_in_ms: 0 }]],
    ["a time that is no number", [{ id: "reaction-1", name: "offer", payload: {}, expires_in_ms: null }]],
  ])("with %s call no listener, and change nothing else", async (_, reactions) => {
    const { simulation } = simulate();
    simulation.respond = () => ({ reactions, follow_reactions: reactions }) as never;
    const page = simulation.open();
    const all = received(page);
    for (const number of [0, 1, 2]) {
      page.track(number, 0);
      await simulation.advance(SOON_MS);
    }
    expect(all).toEqual([]);
    expect(simulation.stored).toEqual([0, 1, 2]);
    expect(simulation.warnings).toEqual([]);
  });

  it("with huge lists cause bounded work, and a bounded storage", async () => {
    const { simulation } = simulate();
    let count = 0;
    simulation.respond = () => ({
      reactions: Array.from({ length: 5_000 }, () => {
        count += 1;
        return { id: `reaction-${count}`, name: "offer", payload: { text: "x".repeat(20) }, expires_in_ms: 1e300 };
      }),
    });
    const page = simulation.open();
    const all = received(page);
    for (let left = 30; left > 0; left -= 1) await exchange(simulation, page);
    expect(all.length).toBeLessThanOrEqual(240);
    expect(new Set(idsOf(all)).size).toBe(all.length);
    expect(Math.max(...all.map(({ expiresInMs }) => expiresInMs))).toBeLessThanOrEqual(24 * HOUR_MS);
    expect(simulation.localStorage.getItem("tidemark.tm_shop_12345678.reactions")?.length).toBeLessThan(20_000);
    expect(simulation.violations).toEqual([]);
  });

  it.each(["7", '"text"', "[1,null,{}]", '[{"id":7}]', "{"])(
    "do no more harm with storage that holds %s",
    async (stored) => {
      const { simulation, fire, outcomes } = simulate();
      simulation.localStorage.setItem("tidemark.tm_shop_12345678.reactions", stored);
      const page = simulation.open();
      const all = received(page);
      const id = fire();
      for (let left = 2; left > 0; left -= 1) await exchange(simulation, page);
      expect(idsOf(all)).toEqual([id]);
      expect(outcomes.received).toEqual({ [id]: true });
    },
  );
});

describe("the visitor", () => {
  const NOTES = "tidemark.tm_shop_12345678.reactions";
  const leavings: [title: string, leave: (page: Page) => void][] = [
    ["logs out", ({ tracker }) => tracker.reset()],
    ["denies measurement", ({ tracker }) => tracker.consent("denied")],
    ["denies personalisation", ({ tracker }) => tracker.consent({ personalisation: "denied" })],
  ];

  it.each(leavings)("who %s receives no reaction that waits, and leaves no note", async (_, leave) => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const all = received(page);
    fire("first");
    await exchange(simulation, page);
    const late = fire("late");
    page.track(1, 0);
    // The page has claimed the reaction, and not yet called its listeners.
    await simulation.advance(50);
    expect(simulation.localStorage.getItem(NOTES)).toContain(late);
    leave(page);
    expect(simulation.localStorage.getItem(NOTES)).toBeNull();
    await simulation.advance(SOON_MS);
    expect(all.map(({ name }) => name)).toEqual(["first"]);
    expect(simulation.localStorage.getItem(NOTES)).toBeNull();
  });

  it.each(leavings)("who %s ends the reactions that the page shows", async (_, leave) => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const all = received(page);
    const ended: Reaction[] = [];
    page.tracker.on("reaction_end", (reaction) => ended.push(reaction));
    fire();
    await exchange(simulation, page);
    leave(page);
    expect(ended).toEqual(all);
    const types: string[] = [];
    page.tracker.on("event", ({ type }) => types.push(type));
    all[0]?.acted("late");
    all[0]?.dismissed();
    expect(types).toEqual([]);
    expect(ended).toHaveLength(1);
  });

  it("who logs out in a listener leaves no note", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    page.tracker.on("reaction", () => page.tracker.reset());
    fire();
    await exchange(simulation, page);
    expect(simulation.localStorage.getItem(NOTES)).toBeNull();
  });

  it("receives no reactions while consent to measurement or personalisation is pending, and then all", async () => {
    for (const consent of ["pending", { personalisation: "pending" }] as const) {
      const { simulation, fire, asked } = simulate();
      const page = simulation.open(undefined, 0, { consent });
      const all = received(page);
      const id = fire();
      for (let left = 2; left > 0; left -= 1) await exchange(simulation, page);
      expect(asked.flat().every((ids) => ids === undefined)).toBe(true);
      page.tracker.consent("granted");
      await exchange(simulation, page);
      expect(idsOf(all)).toEqual([id]);
    }
  });

  it("keeps a reaction that waits while the page asks again about personalisation", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const id = fire();
    await exchange(simulation, page);
    page.tracker.consent({ personalisation: "pending" });
    const all = received(page);
    await simulation.advance(SOON_MS);
    expect(all).toEqual([]);
    page.tracker.consent({ personalisation: "granted" });
    await simulation.advance(SOON_MS);
    expect(idsOf(all)).toEqual([id]);
  });

  it("who becomes another user receives nothing of the user before, and keeps what arrived for nobody", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const [all, ended] = [received(page), [] as Reaction[]];
    page.tracker.on("reaction_end", (reaction) => ended.push(reaction));
    fire("nobody");
    await exchange(simulation, page);
    page.tracker.identify("ada");
    fire("shown");
    await exchange(simulation, page);
    fire("waiting");
    page.track(1, 0);
    await simulation.advance(50);
    simulation.respond = () => ({});
    page.tracker.identify("bob");
    await simulation.advance(SOON_MS);
    expect(all.map(({ name }) => name)).toEqual(["nobody", "shown"]);
    expect(ended.map(({ name }) => name)).toEqual(["shown"]);
  });

  it("of another session receives nothing of a late response", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const all = received(page);
    fire();
    simulation.network = "late";
    page.track(0, 0);
    await simulation.advance(100);
    page.tracker.reset();
    page.track(1, 0);
    simulation.respond = () => ({});
    await simulation.advance(2_000);
    expect(all).toEqual([]);
  });
});

describe("the methods of a reaction", () => {
  it("capture its events, which pass beforeSend", async () => {
    const { simulation, fire } = simulate();
    const before: string[] = [];
    const page = simulation.open(undefined, 0, {
      beforeSend: (event) => {
        before.push(event.type);
        return event;
      },
    });
    const [all, events] = [received(page), [] as object[]];
    page.tracker.on("event", (event) => events.push(event));
    const id = fire();
    await exchange(simulation, page);
    events.length = before.length = 0;
    const [reaction] = all;
    for (let left = 2; left > 0; left -= 1) reaction?.shown();
    reaction?.acted();
    reaction?.acted("x".repeat(200));
    reaction?.acted({} as never);
    for (let left = 2; left > 0; left -= 1) reaction?.dismissed();
    const common = { reaction: "offer", reaction_id: id };
    expect(events).toMatchObject([
      { type: "reaction_shown", ...common },
      { type: "reaction_acted", ...common },
      { type: "reaction_acted", ...common, action: "x".repeat(100) },
      { type: "reaction_acted", ...common },
      { type: "reaction_dismissed", ...common },
    ]);
    expect(before).toEqual(events.map((event) => (event as { type: string }).type));
    await simulation.advance(1_000);
    expect(simulation.violations).toEqual([]);
  });

  it("capture nothing in a stopped tracker, and in another session", async () => {
    const { simulation, fire } = simulate();
    const page = simulation.open();
    const [all, types] = [received(page), [] as string[]];
    fire();
    await exchange(simulation, page);
    page.tracker.on("event", ({ type }) => types.push(type));
    await simulation.advance(HOUR_MS);
    all[0]?.shown();
    page.tracker.stop();
    all[0]?.acted();
    expect(types).toEqual([]);
  });
});

/** A step of a run of the simulation. `page` picks one of the open pages. */
type Action =
  | { kind: "fire" }
  | { kind: "track" | "navigate" | "leave" | "cache" | "crash" | "listen"; page: number }
  | { kind: "wait"; ms: number }
  | { kind: "network"; fault: Fault }
  | { kind: "show"; page: number; isVisible: boolean }
  | { kind: "open"; clock: number; listens: boolean };

const page = fc.nat(3);
const FAULTS = ["pass", "pass", "down", "error", "busy", "cut", "truncate", "twice", "late", "slow"] as const;
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: "fire" } as const) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("track"), page }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(1, 20, 45, 70, 300, 6_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("network"), fault: fc.constantFrom(...FAULTS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("show"), page, isVisible: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("open"),
      clock: fc.constantFrom(0, 0, 0, -3_600_000),
      listens: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("navigate", "leave", "cache", "crash", "listen"), page }),
  },
);

/** The behaviour of the next listener: it returns, throws an exception, or ends its page. */
const behaviour = fc.constantFrom("returns", "returns", "throws", "crashes");

const run = async (actions: Action[], behaviours: string[], seed: number, lagMs: number) => {
  const { simulation, fire, pending, outcomes } = simulate(seed);
  simulation.storageLagMs = lagMs;
  const open = new Set<Page>();
  const runs: string[] = [];
  const crashed: string[] = [];
  const fired: string[] = [];
  let tracked = 0;
  const addListener = (to: Page, mayFail = true) =>
    to.tracker.on("reaction", ({ id }) => {
      runs.push(id);
      const does = mayFail ? behaviours[(runs.length - 1) % behaviours.length] : "returns";
      if (does === "throws") throw new Error("of the page");
      if (does === "crashes") {
        crashed.push(id);
        open.delete(to);
        to.crash();
      }
    });
  const listening = new Set<Page>();
  const start = (before?: Page, clock = 0, listens = true) => {
    const opened = simulation.open(before, clock);
    open.add(opened);
    if (listens) {
      listening.add(opened);
      addListener(opened);
    }
  };
  const perform = async (each: Action) => {
    if (each.kind === "wait") return simulation.advance(each.ms);
    if (each.kind === "fire") return void fired.push(fire());
    if (each.kind === "network") {
      simulation.network = each.fault;
      return;
    }
    if (each.kind === "open" || !open.size)
      return each.kind === "open" ? start(undefined, each.clock, each.listens) : start();
    const chosen = [...open][each.page % open.size];
    if (!chosen) return;
    chosen.restore();
    if (each.kind === "track") {
      chosen.track(tracked, 0);
      tracked += 1;
    } else if (each.kind === "show") chosen.show(each.isVisible);
    else if (each.kind === "cache") chosen.cache();
    else if (each.kind === "listen") {
      // One listener in each page, so that a reaction runs once in it.
      if (!listening.has(chosen)) addListener(chosen);
      listening.add(chosen);
    } else {
      open.delete(chosen);
      if (each.kind === "crash") chosen.crash();
      else {
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
  const last = simulation.open();
  addListener(last, false);
  for (let left = 12; left > 0 && (left > 8 || pending.size); left -= 1) {
    last.track(tracked, 0);
    tracked += 1;
    await simulation.advance(7_000);
  }
  const ended = [...Object.keys(outcomes.received), ...Object.keys(outcomes.unknown)];
  return {
    violations: simulation.violations,
    twice: runs.filter((id, index) => runs.indexOf(id) !== index),
    pending: [...pending.keys()],
    neverRun: fired.filter((id) => !runs.includes(id)),
    unended: fired.filter((id) => !ended.includes(id)),
    // A page that ended in its listener has confirmed nothing.
    confirmed: crashed.filter((id) => outcomes.received[id]),
    // A page that has not yet seen a confirmation may overwrite it, once the page that confirmed is gone.
    doubted: lagMs ? [] : Object.keys(outcomes.unknown).filter((id) => !crashed.includes(id)),
  };
};

describe("reactions, over random tabs, reloads, crashes and faults of the network", () => {
  it.each([0, 24])(
    "run at most once for each id, and each id is received or unknown, when storage changes take up to %d ms",
    async (lagMs) => {
      const property = fc.asyncProperty(
        fc.array(action, { maxLength: 40 }),
        fc.array(behaviour, { minLength: 1, maxLength: 4 }),
        fc.integer(),
        async (actions, behaviours, seed) => {
          expect(await run(actions, behaviours, seed, lagMs)).toEqual({
            violations: [],
            twice: [],
            pending: [],
            neverRun: [],
            unended: [],
            confirmed: [],
            doubted: [],
          });
        },
      );
      await fc.assert(property, { numRuns: 400 });
    },
    240_000,
  );
});
