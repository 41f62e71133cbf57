import { defineFeatures, type Feature, session } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { defineConfig, type Reaction } from "../../src/config.ts";
import { fireReactions } from "../../src/session/fire-reactions.ts";
import { nextReactionAt, receivedReactions } from "../../src/session/next-reaction.ts";
import { reactToBatch } from "../../src/session/reactions.ts";
import { newSession } from "../../src/session/stored-session.ts";
import { createTenants, tenantOf } from "../../src/tenants.ts";

const START = 1_700_000_000_000;

const features: readonly Feature[] = defineFeatures([
  {
    name: "idle",
    description: "Time since the latest event.",
    unit: "ms",
    entity: "session",
    source: "any",
    aggregate: { type: "time_since_last" },
    window: session(),
  },
  {
    name: "events",
    description: "Events.",
    unit: "count",
    entity: "session",
    source: "any",
    aggregate: { type: "count" },
    window: session(),
  },
]);

const idleFor = (right: number) => ({ op: "gte", left: { feature: "idle" }, right }) as const;

/** A condition that is never true, which bounds of its features do not decide. */
const hard = (never: Reaction["when"]): Reaction["when"] => {
  const idle = { feature: "idle" } as const;
  const difference = { op: "subtract", left: idle, right: { op: "multiply", left: idle, right: 1 } } as const;
  return { op: "or", left: never, right: { op: "gt", left: difference, right: 0 } };
};

const base = {
  name: "idle",
  entity: "session",
  when: idleFor(30_000),
  expiresMs: 5_000,
  to: ["page"],
  holdout: 0,
} as const;

/** A session with one event at the start, at a site with the given reactions. */
const begin = (...reactions: Reaction[]) => {
  const site = { id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "READ_KEY" };
  const config = defineConfig({
    sites: [site],
    adminKeySecret: "ADMIN_KEY",
    features,
    reactions,
    webhook: { url: "https://hooks.example/", secrets: ["HOOK"] },
  });
  const tenant = tenantOf(createTenants(config), "shop");
  const stored = newSession({ site: "shop", anonymous_id: "a1", received_at: START }, "session1", tenant.definitions);
  const event = { type: "custom", seq: 0, time: START, name: "x" } as const;
  tenant.definitions.session.fold(stored.engine, event, { ...event, tab_id: "tab1", session_id: "session1" });
  const page = { reactions_received: [], isOwn: true, events: [], accepted: 1 };
  const envelope = { tab_id: "tab1", session_id: "session1", anonymous_id: "a1", sent_at: START, views: [] };
  const react = (received_at: number, more = {}) =>
    reactToBatch(stored, tenant, { ...page, received_at, envelope: envelope as never, ...more });
  const next = (from: number, isFollowed = true, until = START + 1_800_000) =>
    nextReactionAt(stored, receivedReactions(tenant, isFollowed), from, until);
  return { tenant, stored, react, next };
};

describe("the next time at which time alone makes a reaction fire", () => {
  it("is that of the first reaction that a page or the webhook receives", () => {
    const call = { ...base, name: "call", when: idleFor(60_000), once: true, to: ["webhook"] } as const;
    const { next } = begin({ ...base, once: true }, call);
    expect([next(START + 1), next(START + 1, false)]).toEqual([START + 30_000, START + 60_000]);
    expect(next(START + 1, true, START + 29_999)).toBeUndefined();
  });

  it("is none after a reaction has fired once, and else the end of its cooldown or the expiry of what is pending", () => {
    for (const [frequency, again] of [
      [{ once: true }, undefined],
      [{ cooldownMs: 20_000 }, START + 50_000],
      [{ cooldownMs: 1_000 }, START + 35_000],
    ] as const) {
      const { next, stored, tenant } = begin({ ...base, ...frequency });
      expect(fireReactions(stored, tenant, START + 29_999)).toEqual([]);
      expect(fireReactions(stored, tenant, START + 30_000)).toHaveLength(1);
      expect(next(START + 30_001)).toBe(again);
    }
  });

  it("is none in a closed session, and without consent to personalisation", () => {
    const { next, stored } = begin({ ...base, once: true });
    stored.closed = true;
    expect(next(START)).toBeUndefined();
    stored.closed = false;
    stored.consent = { measurement: "granted", personalisation: "denied" };
    expect(next(START)).toBeUndefined();
  });

  it("is one at which a search continues, if the conditions of a site are costly", () => {
    let never: Reaction["when"] = idleFor(1e9);
    for (let level = 0; level < 45; level += 1)
      never = { op: "or", left: never, right: { op: "eq", left: { feature: "idle" }, right: 0.5 - level } };
    const sixteen = Array.from({ length: 16 }, (_, index) => ({ ...base, name: `costly_${index}`, when: never }));
    // It is false at once for one that bounds decide.
    expect(begin({ ...base, when: idleFor(1e9), once: true }).next(START + 1)).toBeUndefined();
    const { next } = begin(...sixteen.map((each) => ({ ...each, when: hard(never), once: true }) as const));
    const at = next(START + 1) ?? 0;
    expect(at).toBeGreaterThan(START + 5_000);
    expect(at).toBeLessThan(START + 120_000);
  });

  it("is none for a condition that only an event can fulfil", () => {
    const when = { op: "gte", left: { feature: "events" }, right: 1 } as const;
    expect(begin({ ...base, when, once: true }).next(START)).toBeUndefined();
  });
});

describe("a configuration without reactions", () => {
  it("ends what is pending, and keeps the times of firings for the same reactions in a later one", () => {
    const when = { op: "gte", left: { feature: "events" }, right: 1 } as const;
    const once = begin({ ...base, when, once: true });
    expect(once.react(START).delivered).toHaveLength(1);
    const envelope = { tab_id: "tab1", session_id: "session1", anonymous_id: "a1", sent_at: START, views: [] };
    const batch = { received_at: START + 1, envelope: envelope as never, events: [], accepted: 1, isOwn: true };
    const { steps, delivered } = reactToBatch(once.stored, begin().tenant, { ...batch, reactions_received: [] });
    expect([steps, delivered]).toMatchObject([[{ reaction: "idle", step: "expired" }], []]);
    expect(once.react(START + 2)).toEqual({ steps: [], delivered: [], follows: false });
  });
});

describe("the hint that a page should follow", () => {
  it("lasts until each reaction to the page that time fulfils has fired for good", () => {
    const { react } = begin({ ...base, once: true });
    expect(react(START).follows).toBe(true);
    expect(react(START + 30_000)).toMatchObject({ follows: false, delivered: [{ name: "idle" }] });
    const { react: reactAgain } = begin({ ...base, cooldownMs: 1_000 });
    expect([reactAgain(START).follows, reactAgain(START + 30_000).follows]).toEqual([true, true]);
  });

  it("is absent for a reaction to the webhook alone, and for one that time does not fulfil", () => {
    const when = { op: "gte", left: { feature: "events" }, right: 9 } as const;
    for (const other of [{ to: ["webhook"] }, { when }] as const)
      expect(begin({ ...base, once: true, ...other }).react(START).follows).toBe(false);
  });

  it("is the same in both arms, so that both are measured under the same conditions", () => {
    expect(begin({ ...base, once: true, holdout: 0.999999 }).react(START).follows).toBe(true);
  });
});
