import type { Feature } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asOf, type SpineRow } from "../src/as-of.ts";
import type { LoggedEvent } from "../src/logged-event.ts";
import { replay } from "../src/replay.ts";
import { expectedFeatures, features, neverLate } from "./brute-force.ts";
import { eventsUntil } from "./events.ts";

const events = eventsUntil({ until: 6_000 });
const spineRow = fc.record({
  entity: fc.constantFrom("session", "user", "page", "product"),
  id: fc.constantFrom("s1", "s2", "ann", "visitor of s1", "visitor of s2", "/0", "/1", "/2", "sku-0", "sku-3"),
  as_of: fc.nat(8_000),
});

describe("asOf", () => {
  it("returns the features of a brute-force computation over the events before each point in time", () => {
    fc.assert(
      fc.property(events, fc.array(spineRow, { maxLength: 12 }), (all, spine) => {
        expect(asOf(all, features, spine, neverLate)).toEqual(spine.map((row) => expectedFeatures(all, row)));
      }),
      { numRuns: 200 },
    );
  });

  it("ignores events at or after the point in time", () => {
    fc.assert(
      fc.property(events, spineRow, (all, row) => {
        const before = all.filter(({ time }) => time < row.as_of);
        expect(asOf(all, features, [row], neverLate)).toEqual(asOf(before, features, [row], neverLate));
      }),
    );
  });

  it("counts a session for the first 8 users in the order of arrival, as a replay does", () => {
    const userOf = (seq: number) => `user ${seq}`;
    const log = Array.from(
      { length: 12 },
      (_, seq): LoggedEvent => ({
        ...{ type: "custom", name: "x", time: 1_000 - seq, seq, tab_id: "t1" },
        ...{ session_id: "s1", anonymous_id: "a1", user_id: userOf(seq) },
      }),
    );
    const events: Feature = {
      name: "events",
      description: "Events.",
      unit: "count",
      entity: "user",
      source: "custom",
      aggregate: { type: "count" },
      window: { type: "lifetime" },
    };
    const spine = log.map(({ seq }) => ({ entity: "user", id: userOf(seq), as_of: 2_000 }));
    const counts = asOf(log, [events], spine, neverLate).map(({ events }) => events);
    expect(counts).toEqual([...new Array(8).fill(1), ...new Array(4).fill(0)]);
    expect(replay(log, [events], neverLate).map(({ id }) => id)).toEqual(spine.slice(0, 8).map(({ id }) => id));
  });

  it("ignores events that are too late", () => {
    const [early, late] = fc.sample(
      eventsUntil({ until: 0, maxLength: 2 }).filter(
        (all) => all.length === 2 && all[0]?.session_id === all[1]?.session_id,
      ),
      1,
    )[0] as [LoggedEvent, LoggedEvent];
    const log = [{ ...early, time: 1e9 }, late];
    const row = { entity: "session", id: early.session_id, as_of: 2e9 };
    expect(asOf(log, features, [row])[0]?.s_events).toBe(1);
    expect(asOf(log, features, [row], neverLate)[0]?.s_events).toBe(2);
  });

  it.each<[string, object, string]>([
    [
      "an entity without definitions",
      { entity: "cart" },
      'row 1 of the spine: entity: expected an entity of the definitions (session, user, page, product); given "cart"',
    ],
    ["an id that is a number", { id: 7 }, "row 1 of the spine: id: expected a text; given 7"],
    [
      "an as_of that is a text",
      { as_of: "2026-01-01" },
      'row 1 of the spine: as_of: expected a number of UTC milliseconds; given "2026-01-01"',
    ],
    ["a missing as_of", { as_of: undefined }, "as_of: expected a number of UTC milliseconds; given nothing"],
  ])("rejects %s", (_, change, message) => {
    const row = { entity: "session", id: "1", as_of: 1, ...change };
    expect(() => asOf([], features, [row as SpineRow])).toThrow(message);
  });
});
