import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asOf } from "../src/as-of.ts";
import type { LoggedEvent } from "../src/logged-event.ts";
import { byHand, features, patient } from "./brute-force.ts";
import { eventsUntil } from "./events.ts";

const events = eventsUntil({ until: 6_000 });
const spineRow = fc.record({
  entity: fc.constantFrom("session", "user", "page", "product"),
  id: fc.constantFrom("s1", "s2", "ann", "visitor of s1", "visitor of s2", "/0", "/1", "/2", "sku-0", "sku-3"),
  as_of: fc.nat(8_000),
});

describe("features as of a moment", () => {
  it("are those of a brute-force definition: nothing that happened then or later leaks in", () => {
    fc.assert(
      fc.property(events, fc.array(spineRow, { maxLength: 12 }), (all, spine) => {
        expect(asOf(all, features, spine, patient)).toEqual(spine.map((row) => byHand(all, row)));
      }),
      { numRuns: 200 },
    );
  });

  it("do not change with what happens afterwards", () => {
    fc.assert(
      fc.property(events, spineRow, (all, row) => {
        const before = all.filter(({ time }) => time < row.as_of);
        expect(asOf(all, features, [row], patient)).toEqual(asOf(before, features, [row], patient));
      }),
    );
  });

  it("leave out what came too late to count", () => {
    const [early, late] = fc.sample(
      eventsUntil({ until: 0, maxLength: 2 }).filter(
        (all) => all.length === 2 && all[0]?.session_id === all[1]?.session_id,
      ),
      1,
    )[0] as [LoggedEvent, LoggedEvent];
    const log = [{ ...early, time: 1e9 }, late];
    const row = { entity: "session", id: early.session_id, as_of: 2e9 };
    expect(asOf(log, features, [row])[0]?.s_events).toBe(1);
    expect(asOf(log, features, [row], patient)[0]?.s_events).toBe(2);
  });

  it("are refused for an entity that no definition is about", () => {
    expect(() => asOf([], features, [{ entity: "cart", id: "1", as_of: 1 }])).toThrow(
      "no definition is about cart; there are: session, user, page, product",
    );
  });
});
