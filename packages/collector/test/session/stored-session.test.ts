import { hashOf } from "@tidemark/engine";
import { type Feature, lifetime, session } from "@tidemark/schema";
import { SESSION_KEPT_MS } from "@tidemark/schema/limits";
import { describe, expect, it } from "vitest";
import { compileFeatures } from "../../src/compile-features.ts";
import { learnDepth } from "../../src/partition/binding.ts";
import { collectingPush, nextPushes } from "../../src/session/pushes.ts";
import { newSession, restoreSession } from "../../src/session/stored-session.ts";
import { createCorrection } from "../../src/session/tab/clock.ts";
import { newTab, type Tab } from "../../src/session/tab/tab.ts";

const count = { description: "D.", unit: "count", aggregate: { type: "count" } } as const;

const clicks: Feature = { ...count, name: "clicks", entity: "session", source: "click", window: session() };
const views: Feature = { ...count, name: "views", entity: "session", source: "page_view", window: session() };
const ofPage: Feature = { ...count, name: "page_clicks", entity: "page", source: "click", window: lifetime() };

const before = compileFeatures([clicks, ofPage]);

/** The first batch of a session. */
const first = { site: "shop", anonymous_id: "anonymous1", received_at: 500 };

/** A session with two clicks on a page that the partition has not confirmed. */
const busySession = () => {
  const stored = newSession(first, "shop.session-1", before);
  stored.engine.cells = [2];
  stored.engine.event_time = 1_000;
  const { deltas } = collectingPush(stored.push_queue);
  deltas["user:ann"] = { cells: [], event_time: 1_000 };
  deltas["page:/"] = { cells: [2], event_time: 1_000 };
  return stored;
};

describe("newSession", () => {
  it("creates an empty state with the version of its definitions", () => {
    const stored = newSession(first, "shop.session-1", before);
    expect(stored).toMatchObject({
      site: "shop",
      session_id: "shop.session-1",
      visitor_hash: hashOf("anonymous1"),
      began_at: 500,
      latest_received_at: null,
      closed: false,
    });
    expect(stored.definition_version).toBe(before.version);
    expect(before.session.vector(stored.engine, 0)).toEqual({ clicks: 0 });
  });

  it("creates states that share nothing", () => {
    const [one, other] = [newSession(first, "a", before), newSession(first, "b", before)];
    one.engine.cells.push(1);
    collectingPush(one.push_queue);
    expect(other).toEqual(newSession(first, "b", before));
  });
});

it("newSession binds the session to the partition of its visitor at the known depth", () => {
  const partitionsAt = () =>
    new Set(
      Array.from({ length: 64 }, (_, visitor) => {
        const batch = { ...first, site: "split", anonymous_id: `visitor-${visitor}` };
        return newSession(batch, "split.session-1", before).push_queue.partition;
      }),
    );
  expect(partitionsAt()).toEqual(new Set([0]));
  learnDepth("split", 2);
  expect(partitionsAt()).toEqual(new Set([0, 1, 2, 3]));
});

describe("restoreSession", () => {
  it("keeps the shifts and the order of a tab whose clock an earlier version has stored", () => {
    const stored = busySession();
    const [early, late] = [3_600_000, 7_200_000];
    const steps = [
      { from_seq: 0, skew: early, floor: 0 },
      { from_seq: 3, skew: late, floor: 9_000_000 },
    ];
    const clock = { steps, high_seq: 5, high_time: 9_500_000, received_at: 9_500_000 };
    stored.tabs.set("tab0000001", { ...newTab(), clock: clock as never });
    delete stored.version;
    restoreSession(stored, before);
    const tab = stored.tabs.get("tab0000001") as Tab;
    const correct = createCorrection(tab.clock, 2_400_000, 9_600_000);
    expect(correct(2, 5_300_000)).toBe(5_300_000 + early);
    expect(correct(4, 2_400_000)).toBe(9_500_000);
    expect(correct(6, 2_300_000)).toBe(9_500_000);
    expect(correct(7, 2_350_000)).toBe(2_350_000 + late);
  });

  it("deletes a session nine days after its latest event that an earlier version closed", () => {
    const stored = busySession();
    Object.assign(stored, { closed: true, latest_received_at: 1_000 });
    delete stored.version;
    restoreSession(stored, before);
    expect(stored.due).toEqual([["expire", 1_000 + SESSION_KEPT_MS]]);
  });

  it("seals the pushes of another instance, and keeps features of the same definitions", () => {
    const stored = busySession();
    restoreSession(stored, before);
    expect(stored.push_queue.open).toBeNull();
    expect(nextPushes(stored.push_queue)).toMatchObject([{ n: 1, layouts: before.layouts }]);
    expect(before.session.vector(stored.engine, 1_000)).toEqual({ clicks: 2 });
  });

  it("keeps the features that other definitions share, and starts new ones from scratch", () => {
    const after = compileFeatures([views, clicks, ofPage]);
    const stored = busySession();
    restoreSession(stored, after);
    expect(after.session.vector(stored.engine, 1_000)).toEqual({ views: 0, clicks: 2 });
    expect(stored.definition_version).toBe(after.version);
  });

  it("removes only the deltas of entities without a feature", () => {
    const stored = busySession();
    restoreSession(stored, compileFeatures([clicks]));
    expect(nextPushes(stored.push_queue).map(({ deltas }) => Object.keys(deltas))).toEqual([["user:ann"]]);
  });
});
