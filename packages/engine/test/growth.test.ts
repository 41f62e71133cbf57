import { defaultFeatures, type Feature, hopping, lifetime, session } from "@tidemark/schema";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { asOf } from "../src/as-of.ts";
import { totalsUnknownUntil, type ViewTotals, withGrowth } from "../src/growth.ts";
import type { LoggedEvent } from "../src/logged-event.ts";
import { replay } from "../src/replay.ts";
import { pageViewLogs } from "./page-view-logs.ts";
import { columnEvents } from "./sql/column-events.ts";
import { compareAsOf, compareReplay, type Database } from "./sql/parity.ts";
import { jsonEvents, openDuckdb } from "./sql/run-duckdb.ts";

const BEGIN = 1_800_000_000_000;

/** A dwell event of a page view, with a total and the growth that the page states. */
const dwell = (seq: number, engaged_ms: number, engaged_delta_ms: number, more: object = {}): LoggedEvent => {
  const view_id = "view0001";
  return {
    ...{ type: "dwell", session_id: "session1", anonymous_id: "browser1", tab_id: "tab1", seq, view_id },
    ...{ time: BEGIN + 1_000 * seq, view: { view_id, started_at: BEGIN, url: "u", path: "/" } },
    ...{ visible_ms: engaged_ms, focused_ms: engaged_ms, active_ms: engaged_ms, engaged_ms, engaged_delta_ms },
    ...{ idle_after_ms: 5_000, rule_version: 1, ...more },
  };
};

/** The values of a feature by entity in a replay. */
const engagedOf = (events: LoggedEvent[]) => {
  const replayed = replay(events, defaultFeatures);
  const valuesOf = (entity: string, feature: string) =>
    replayed.filter((each) => each.entity === entity).map(({ features }) => features[feature]);
  return {
    session: valuesOf("session", "dwell_ms"),
    user: valuesOf("user", "user_engaged_ms"),
    page: valuesOf("page", "page_engaged_ms"),
  };
};

describe("the growth of a total", () => {
  const [first, second, third] = [dwell(0, 4_000, 4_000), dwell(1, 9_000, 5_000), dwell(2, 12_000, 3_000)] as const;

  it.each([
    ["all events", [first, second, third]],
    ["a lost event", [first, third]],
    ["the last event alone", [third]],
    ["an event that arrives late", [first, third, second]],
    ["events in the reverse order", [third, second, first]],
  ])("is the same for users and pages as for the session with %s", (_, events) => {
    expect(engagedOf(events)).toEqual({ session: [12_000], user: [12_000], page: [12_000] });
  });

  it("is in the window of the event with which it arrives", () => {
    const byMinute: Feature = {
      ...{ name: "engaged", description: "D.", unit: "ms", entity: "user", source: "dwell" },
      aggregate: { type: "sum", field: "engaged_delta_ms" },
      window: hopping({ every_ms: 60_000, panes: 1 }),
    };
    const later = dwell(2, 12_000, 3_000, { time: BEGIN + 60_000 });
    const spine = [60_000, 120_000].map((after) => ({ entity: "user", id: "browser1", as_of: BEGIN + after }));
    const valuesOf = (events: LoggedEvent[]) => asOf(events, [byMinute], spine).map(({ engaged }) => engaged);
    expect(valuesOf([first, second, later])).toEqual([9_000, 3_000]);
    expect(valuesOf([first, later])).toEqual([4_000, 8_000]);
    expect(valuesOf([first, later, second])).toEqual([4_000, 8_000]);
  });

  it("counts once when the visitor is identified within a page view", () => {
    const identified = dwell(2, 12_000, 3_000, { user_id: "ann" });
    expect(engagedOf([first, identified]).user).toEqual([4_000, 8_000]);
  });

  it("is that of its own tab and session", () => {
    const others = [dwell(0, 5_000, 5_000, { tab_id: "tab2" }), dwell(0, 6_000, 6_000, { session_id: "session2" })];
    expect(engagedOf([third, ...others])).toEqual({ session: [17_000, 6_000], user: [23_000], page: [23_000] });
  });

  it("leaves out events that are too late, whose growth the next event has", () => {
    const tooLate = dwell(1, 9_000, 5_000, { time: BEGIN - 86_500_000 });
    expect(engagedOf([first, tooLate, third]).user).toEqual([12_000]);
  });

  it("is as stated for an event without a page view or without its total", () => {
    for (const missing of ["view_id", "engaged_ms"]) {
      const event = { ...third, [missing]: undefined };
      expect(withGrowth({}, event, event)).toBe(event);
    }
  });

  it("is 0 in page views that began before the totals were known, and exact in later ones", () => {
    const totals: ViewTotals = totalsUnknownUntil(BEGIN);
    expect(withGrowth(totals, third, third)).toMatchObject({ engaged_delta_ms: 0 });
    const view = { view_id: "view0002", started_at: BEGIN + 1, url: "u" };
    const later = { ...third, view_id: view.view_id, view };
    expect(withGrowth(totals, later, later)).toMatchObject({ engaged_delta_ms: 12_000 });
  });

  it("adds up to the largest total of each page view", () => {
    fc.assert(
      fc.property(pageViewLogs, (events) => {
        const largest = new Map<string, number>();
        for (const { event, isCounted } of counted(events)) {
          if (event.type !== "dwell" || !isCounted) continue;
          const key = `${event.session_id} ${event.tab_id} ${event.view_id}`;
          largest.set(key, Math.max(largest.get(key) ?? 0, event.engaged_ms));
        }
        const expected = [...largest.values()].reduce((sum, value) => sum + value, 0);
        const { session, user, page } = engagedOf(events);
        for (const values of [session, user, page])
          expect((values as number[]).reduce((sum, value) => sum + value, 0)).toBe(expected);
      }),
    );
  });
});

/** Decides for each event of a log whether it is too late to count. */
const counted = (events: LoggedEvent[]) => {
  const latest = new Map<string, number>();
  return events.map((event) => {
    const before = latest.get(event.session_id) ?? event.time;
    const isCounted = before - event.time <= 86_405_000;
    if (isCounted) latest.set(event.session_id, Math.max(before, event.time));
    return { event, isCounted };
  });
};

const named = { description: "D.", unit: "any" } as const;

/** Features of all ways to read growth and page views, next to the default ones. */
const features: readonly Feature[] = [
  ...defaultFeatures,
  {
    ...{ ...named, name: "engaged_of_minute", entity: "session", source: "dwell" },
    aggregate: { type: "max", field: "engaged_delta_ms" },
    window: hopping({ every_ms: 60_000, panes: 3 }),
  },
  {
    ...{ ...named, name: "large_steps", entity: "user", source: "scroll" },
    where: [{ field: "scroll_depth_delta_px", is: "gte", value: 9_000 }],
    aggregate: { type: "count" },
    window: lifetime(),
  },
  {
    ...{ ...named, name: "viewed", entity: "session", source: "any" },
    aggregate: { type: "distinct", field: "view_id" },
    window: session(),
  },
  {
    ...{ ...named, name: "scrolled_px", entity: { name: "tab", field: "tab_id" }, source: "scroll" },
    aggregate: { type: "sum", field: "scroll_depth_delta_px" },
    window: lifetime(),
  },
];

describe.each([
  ["JSON", jsonEvents],
  ["columns", columnEvents],
])("DuckDB over events as %s", (_, layout) => {
  let database: Database;
  beforeAll(async () => {
    database = await openDuckdb(layout);
  });

  it("agrees with a replay of sessions with 100 page views, lost events, and ids shared by tabs", async () => {
    await fc.assert(
      fc.asyncProperty(pageViewLogs, (events) => compareReplay(database, features, { events, written: events })),
      { numRuns: 15 },
    );
  }, 60_000);

  it("agrees with the engine on them at points in time", async () => {
    const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(pageViewLogs, picks, (events, chosen) =>
        compareAsOf(database, features, { events, written: events }, chosen),
      ),
      { numRuns: 10 },
    );
  }, 60_000);
});
