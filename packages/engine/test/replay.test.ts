import { defineFeatures, type Feature, hopping, lifetime, session, tumbling } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asOf } from "../src/as-of.ts";
import { createEngine } from "../src/engine.ts";
import { entityId } from "../src/entity.ts";
import type { LoggedEvent } from "../src/logged-event.ts";
import { replay } from "../src/replay.ts";
import { eventsUntil } from "./events.ts";

const named = { description: "D.", unit: "count" };
const product = { name: "product", field: "properties.sku" } as const;
const features = defineFeatures([
  { ...named, name: "s_events", entity: "session", source: "any", aggregate: { type: "count" }, window: session() },
  {
    ...named,
    name: "s_last",
    entity: "session",
    source: "page_view",
    aggregate: { type: "last", field: "view.path" },
    window: session(),
  },
  {
    ...named,
    name: "u_clicks",
    entity: "user",
    source: "click",
    aggregate: { type: "count" },
    window: hopping({ every_ms: 700, panes: 3 }),
  },
  {
    ...named,
    name: "u_recency",
    entity: "user",
    source: "any",
    aggregate: { type: "time_since_last" },
    window: lifetime(),
  },
  {
    ...named,
    name: "p_hover",
    entity: "page",
    source: "hover",
    aggregate: { type: "sum", field: "element_hover_duration" },
    window: tumbling(2_000),
  },
  {
    ...named,
    name: "p_visitors",
    entity: "page",
    source: "any",
    aggregate: { type: "distinct", field: "anonymous_id" },
    window: lifetime(),
  },
  {
    ...named,
    name: "x_price",
    entity: product,
    source: "custom",
    aggregate: { type: "max", field: "properties.price" },
    window: lifetime(),
  },
]);

const patient = { outOfOrdernessMs: 1e12 };
const events = eventsUntil({ until: 6_000 });
const read = {
  session: entityId("session"),
  user: entityId("user"),
  page: entityId("page"),
  product: entityId(product),
};
const idOf = (entity: string, event: LoggedEvent) => read[entity as keyof typeof read](event, event);
const spineRow = fc.record({
  entity: fc.constantFrom("session", "user", "page", "product"),
  id: fc.constantFrom("s1", "s2", "ann", "visitor of s1", "visitor of s2", "/0", "/1", "/2", "sku-0", "sku-3"),
  as_of: fc.nat(8_000),
});

/** What the definitions say, event by event. */
const byHand = (all: LoggedEvent[], { entity, id, as_of }: { entity: string; id: string; as_of: number }) => {
  const own = all.filter((event) => event.time < as_of && idOf(entity, event) === id);
  const at = as_of - 1;
  const since = (start: number) => own.filter(({ time }) => time >= start);
  const last = own
    .filter(({ type }) => type === "page_view")
    .toSorted((a, b) => a.time - b.time || (a.tab_id < b.tab_id ? -1 : a.tab_id > b.tab_id ? 1 : a.seq - b.seq))
    .at(-1);
  const prices = own.flatMap((event) => (event.type === "custom" ? [event.properties?.price as number] : []));
  return {
    session: { s_events: own.length, s_last: last?.view?.path ?? null },
    user: {
      u_clicks: since(Math.floor(at / 700) * 700 + 700 - 2_100).filter(({ type }) => type === "click").length,
      u_recency: own.length ? at - Math.max(...own.map(({ time }) => time)) : null,
    },
    page: {
      p_hover: since(Math.floor(at / 2_000) * 2_000).reduce(
        (total, event) => total + (event.type === "hover" ? event.element_hover_duration : 0),
        0,
      ),
      p_visitors: new Set(own.map(({ anonymous_id }) => anonymous_id)).size,
    },
    product: { x_price: prices.length ? Math.max(...prices) : null },
  }[entity];
};

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

describe("a replay", () => {
  it("gives every entity the vector of its events at its latest one", () => {
    fc.assert(
      fc.property(events, (all) => {
        const replayed = replay(all, features, patient);
        const expected = Object.keys(read).flatMap((entity) => {
          const ids = new Set(all.map((event) => idOf(entity, event)).filter((id) => id !== undefined));
          return [...ids].map((id) => {
            const latest = Math.max(...all.filter((event) => idOf(entity, event) === id).map(({ time }) => time));
            return { entity, id, features: byHand(all, { entity, id, as_of: latest + 1 }) };
          });
        });
        expect(replayed.map(({ entity, id, features }) => ({ entity, id, features }))).toEqual(expected);
      }),
    );
  });

  it("lets the session's watermark judge an event, for all entities, as the live system does", () => {
    const options = { outOfOrdernessMs: 100, allowedLatenessMs: 500 };
    fc.assert(
      fc.property(events, (all) => {
        const own = features.filter((feature: Feature) => feature.entity === "session");
        const engine = createEngine(own, options);
        const states = new Map(["s1", "s2"].map((id) => [id, engine.zero()]));
        const counted = all.filter((event) => {
          const state = states.get(event.session_id);
          return state && engine.fold(state, event, event) !== "too_late";
        });
        const replayed = replay(all, features, options);
        for (const { entity, id, state, features: vector } of replayed) {
          if (entity === "session") expect(state).toEqual(states.get(id));
          const latest = state.event_time ?? 0;
          expect(vector).toEqual(byHand(counted, { entity, id, as_of: latest + 1 }));
        }
      }),
    );
  });
});
