import {
  cumulative,
  defineFeatures,
  type Feature,
  type FeatureValue,
  hopping,
  lifetime,
  sessionFeatures,
  tumbling,
  type Window,
} from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packCells } from "../src/cells.ts";
import { createEngine, type Engine, type EngineEvent, type EngineState } from "../src/engine.ts";
import { eventsUntil } from "./events.ts";
import { sessionEvents } from "./session-events.ts";

const named = { description: "D.", unit: "count" };
const ofUser = { ...named, entity: "user" } as const;
const clicks = { ...ofUser, name: "clicks", source: "click", aggregate: { type: "count" } } as const;

/** Options with which no event is late. */
const neverLate = { outOfOrdernessMs: 1e12 };

const fold = (engine: Engine, state: EngineState, event: EngineEvent) => engine.fold(state, event, event);

const foldAll = (engine: Engine, events: readonly EngineEvent[]) => {
  const state = engine.emptyState();
  for (const event of events) fold(engine, state, event);
  return state;
};

const click = (time: number, seq = time): EngineEvent => ({
  type: "click",
  tab_id: "tab-a",
  seq,
  time,
  view_id: "view-0001",
  target: { tag: "a", path: "a" },
  x: 0,
  y: 0,
  page_x: 0,
  page_y: 0,
  button: 0,
  pointer_type: "mouse",
});

/** Expects equal vectors, except for the last bits of floating-point sums. */
const expectSame = (actual: Record<string, FeatureValue>, wanted: Record<string, FeatureValue>) => {
  const rounded = (vector: Record<string, FeatureValue>) => ({
    ...vector,
    activity_5m: Number(vector.activity_5m).toFixed(9),
  });
  expect(rounded(actual)).toEqual(rounded(wanted));
};

describe("the engine", () => {
  const engine = createEngine(sessionFeatures, neverLate);
  const events = eventsUntil({ until: 100_000 });
  const AT = 101_000;

  it("returns the same vector for any order of events", () => {
    fc.assert(
      fc.property(
        events.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expectSame(engine.vector(foldAll(engine, shuffled), AT), engine.vector(foldAll(engine, all), AT));
        },
      ),
    );
  });

  it("merges the states of two disjoint sets of events without a change to them", () => {
    fc.assert(
      fc.property(events, fc.nat(50), (all, cut) => {
        const [a, b] = [foldAll(engine, all.slice(0, cut)), foldAll(engine, all.slice(cut))];
        const before = structuredClone([a, b]);
        const merged = engine.merge(a, b);
        expectSame(engine.vector(merged, AT), engine.vector(foldAll(engine, all), AT));
        expect(merged.event_time).toBe(all.length ? Math.max(...all.map(({ time }) => time)) : null);
        for (const each of all) fold(engine, merged, each);
        expect([a, b]).toEqual(before);
      }),
    );
  });

  it("continues from a state that was stored as JSON", () => {
    fc.assert(
      fc.property(events, fc.nat(50), (all, cut) => {
        let state = engine.emptyState();
        all.forEach((each, index) => {
          if (index === cut) state = JSON.parse(JSON.stringify(state));
          fold(engine, state, each);
        });
        expect(engine.vector(state, AT)).toEqual(engine.vector(foldAll(engine, all), AT));
      }),
    );
  });

  it("bounds its stored state to 16 KiB over a million events", () => {
    const state = engine.emptyState();
    const reader = sessionEvents();
    const sizes: number[] = [];
    for (let count = 1; count <= 1_000_000; count += 1) {
      fold(engine, state, reader.next().value);
      if (count === 10_000 || count === 1_000_000) {
        sizes.push(JSON.stringify({ ...state, cells: packCells(state.cells) }).length);
      }
    }
    const [early = 0, late = 0] = sizes;
    expect(late).toBeLessThanOrEqual(16 * 1024);
    expect(late).toBeLessThan(early * 1.5);
    expect(engine.vector(state, state.event_time ?? 0).event_count).toBe(1_000_000);
  }, 30_000);

  it("rejects features of several entities", () => {
    const session: Feature = { ...clicks, name: "other", entity: "session", window: lifetime() };
    expect(() => createEngine([{ ...clicks, window: lifetime() }, session])).toThrow(
      "feature other: entity: expected user, the entity of feature clicks; given session; create one engine for each entity",
    );
  });

  it.each<[unknown, string]>([
    ["clicks", 'features: expected an array of definitions; given "clicks"'],
    [[null], 'feature number 1: entity: expected "session", "user", "page" or { name, field }; given nothing'],
    [[{ ...clicks, entity: "visit" }], "feature clicks: entity: expected "],
    [[{ ...clicks, aggregate: { type: "median" } }], "feature clicks: aggregate.type: expected count, "],
    [[{ ...clicks, window: { type: "year" } }], "feature clicks: window.type: expected session, lifetime, "],
    [[{ ...clicks, window: undefined }], "hopping, cumulative; given nothing"],
  ])("rejects the invalid definition %j", (definitions, message) => {
    expect(() => createEngine(definitions as Feature[])).toThrow(message);
  });
});

describe("a window", () => {
  const windows: Record<string, { window: Window; start: (at: number) => number }> = {
    lifetime: { window: lifetime(), start: () => 0 },
    tumbling: { window: tumbling(1_000), start: (at) => Math.floor(at / 1_000) * 1_000 },
    hopping: {
      window: hopping({ every_ms: 300, panes: 4 }),
      start: (at) => Math.floor(at / 300) * 300 + 300 - 1_200,
    },
    "hopping by the same panes": {
      window: hopping({ every_ms: 300, panes: 2 }),
      start: (at) => Math.floor(at / 300) * 300 + 300 - 600,
    },
    cumulative: { window: cumulative({ every_ms: 500, panes: 3 }), start: (at) => Math.floor(at / 1_500) * 1_500 },
  };
  const list = Object.entries(windows).map(([name, { window }]) => ({ ...clicks, name, window })) as Feature[];
  const engine = createEngine(list, neverLate);

  it("covers the events of its definition at any read time, for any order, split and merge", () => {
    fc.assert(
      fc.property(eventsUntil({ until: 5_000 }), fc.nat(60), fc.nat(4_000), (all, cut, after) => {
        const state = engine.merge(foldAll(engine, all.slice(0, cut)), foldAll(engine, all.slice(cut)));
        const at = (state.event_time ?? 0) + after;
        const expected = Object.fromEntries(
          Object.entries(windows).map(([name, { start }]) => [
            name,
            all.filter(({ type, time }) => type === "click" && time >= start(at) && time <= at).length,
          ]),
        );
        expect(engine.vector(state, at)).toEqual(expected);
        expect(engine.vector(foldAll(engine, all), at)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("does not end before the latest event", () => {
    const state = foldAll(engine, [click(4_000)]);
    expect(engine.vector(state, 100)).toEqual(engine.vector(state, 4_000));
  });

  it("falls to zero without events", () => {
    const minute = createEngine([{ ...clicks, window: hopping({ every_ms: 10_000, panes: 6 }) }]);
    const state = foldAll(minute, [click(65_000), click(71_000)]);
    const at = (readTime: number) => minute.vector(state, readTime).clicks;
    expect([71_000, 119_999, 120_000, 129_999, 130_000].map(at)).toEqual([2, 2, 1, 1, 0]);
  });

  it("divides a rate by its size, and merges an aggregate over all of its panes", () => {
    const window = hopping({ every_ms: 1_000, panes: 10 });
    const features = defineFeatures([
      { ...ofUser, name: "rate", source: "click", aggregate: { type: "rate", per_ms: 60_000 }, window },
      { ...ofUser, name: "buttons", source: "click", aggregate: { type: "distinct", field: "button" }, window },
    ]);
    const all = createEngine(features);
    const events = [1_000, 2_000, 3_000].map((time) => ({ ...click(time), button: time / 1_000 }) as EngineEvent);
    expect(all.vector(foldAll(all, [...events, { ...events[0], time: 4_000, seq: 4 } as EngineEvent]), 4_000)).toEqual({
      rate: 24,
      buttons: 3,
    });
  });

  it("keeps the number of panes in its definition over any time", () => {
    const hop = createEngine([{ ...clicks, window: hopping({ every_ms: 100, panes: 5 }) }]);
    const state = hop.emptyState();
    for (let time = 0; time < 100_000; time += 37) fold(hop, state, click(time));
    // Each pane is a number and a count.
    expect(state.cells[0]).toHaveLength(5 * 2);
  });
});

describe("accumulators", () => {
  it("are shared by features with the same definition", () => {
    const window = hopping({ every_ms: 10_000, panes: 6 });
    const alike: Feature[] = [
      { ...clicks, window },
      { window, aggregate: { type: "count" }, source: "click", ...ofUser, name: "again", where: [] },
      { ...clicks, name: "shorter", window: hopping({ every_ms: 10_000, panes: 2 }) },
    ];
    const accumulatorIdsOf = (features: Feature[]) => createEngine(features).layout.accumulators.split(" ");
    expect(accumulatorIdsOf(alike)).toHaveLength(1);
    expect(accumulatorIdsOf([...alike, { ...clicks, name: "newer", version: 2, window }])).toHaveLength(2);
    expect(accumulatorIdsOf([...alike, { ...clicks, name: "ever", window: lifetime() }])).toHaveLength(2);
  });
});

describe("conditions", () => {
  const matches = (where: Extract<Feature, { source: "custom" }>["where"], properties: Record<string, never>) => {
    const feature = { ...ofUser, name: "n", source: "custom", aggregate: { type: "count" }, window: lifetime(), where };
    const engine = createEngine([feature as Feature]);
    const event: EngineEvent = { type: "custom", tab_id: "tab-a", seq: 0, time: 0, name: "x", properties };
    return engine.vector(foldAll(engine, [event]), 0).n === 1;
  };
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom("a", "b"), fc.boolean());

  it("compare a field that is present, and are false for an absent one", () => {
    const operators: Record<string, (a: number, b: number) => boolean> = {
      lt: (a, b) => a < b,
      lte: (a, b) => a <= b,
      gt: (a, b) => a > b,
      gte: (a, b) => a >= b,
    };
    fc.assert(
      fc.property(value, value, fc.constantFrom("eq", "ne", "lt", "lte", "gt", "gte"), (actual, wanted, is) => {
        const where = [{ field: "properties.x", is, value: wanted }] as never;
        const order = operators[is];
        fc.pre(order === undefined || typeof wanted === "number");
        const expected = order
          ? typeof actual === "number" && order(actual, wanted as number)
          : (actual === wanted) === (is === "eq");
        expect(matches(where, { x: actual } as never)).toBe(expected);
        expect(matches(where, {})).toBe(false);
      }),
    );
    expect(matches([{ field: "properties.x", is: "in", values: ["a", "b"] }], { x: "b" } as never)).toBe(true);
    expect(matches([{ field: "properties.x", is: "in", values: ["a", "b"] }], { x: "c" } as never)).toBe(false);
  });

  it("must all be satisfied, and do not read inherited properties", () => {
    const [positive, small] = [
      { field: "properties.x", is: "gt", value: 0 },
      { field: "properties.x", is: "lt", value: 10 },
    ] as const;
    expect([-1, 5, 11].map((x) => matches([positive, small], { x } as never))).toEqual([false, true, false]);
    expect(matches([{ field: "properties.constructor", is: "ne", value: "x" }], {})).toBe(false);
  });
});

describe("derived features", () => {
  const derive = (expression: unknown, values: EngineEvent[] = []) => {
    const engine = createEngine([
      { ...ofUser, name: "result", derive: expression } as Feature,
      { ...clicks, window: lifetime() },
      {
        ...ofUser,
        name: "path",
        source: "page_view",
        aggregate: { type: "last", field: "view.path" },
        window: lifetime(),
      },
    ]);
    return engine.vector(foldAll(engine, values), 0).result;
  };
  const two = { op: "add", left: { feature: "clicks" }, right: { feature: "clicks" } };

  it("calculate, compare and choose at any position in the list", () => {
    const one = [click(0)];
    expect(derive(two, one)).toBe(2);
    expect(derive({ op: "divide", left: two, right: 4 }, one)).toBe(0.5);
    expect(derive({ op: "max", left: two, right: 4 }, one)).toBe(4);
    expect(derive({ op: "gte", left: two, right: 2 }, one)).toBe(true);
    expect(derive({ op: "not", of: { op: "eq", left: two, right: 2 } }, one)).toBe(false);
    expect(derive({ if: { op: "gt", left: two, right: 1 }, then: 7, else: { feature: "path" } }, one)).toBe(7);
    expect(derive({ op: "or", left: { op: "lt", left: 1, right: 0 }, right: { op: "ne", left: 1, right: 0 } })).toBe(
      true,
    );
  });

  it("are null where they are not defined", () => {
    for (const expression of [
      { op: "divide", left: 1, right: { feature: "clicks" } },
      { op: "add", left: { feature: "path" }, right: 1 },
      { op: "eq", left: { feature: "path" }, right: 1 },
      { if: 1, then: 2, else: 3 },
      { op: "and", left: 1, right: { op: "eq", left: 1, right: 1 } },
      { op: "lt", left: { op: "eq", left: 1, right: 1 }, right: 2 },
    ]) {
      expect(derive(expression)).toBeNull();
    }
  });
});

describe("lateness", () => {
  const options = { outOfOrdernessMs: 100, allowedLatenessMs: 1_000 };
  const engine = createEngine([{ ...clicks, window: lifetime() }], options);

  it("is decided by the watermark: late events count, and events that are too late are only counted as such", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 40 }), (times) => {
        const state = engine.emptyState();
        let [latest, late, tooLate] = [Number.NEGATIVE_INFINITY, 0, 0];
        times.forEach((time, seq) => {
          const behind = latest - options.outOfOrdernessMs - time;
          const expected = behind <= 0 ? "on_time" : behind <= options.allowedLatenessMs ? "late" : "too_late";
          if (expected === "late") late += 1;
          if (expected === "too_late") tooLate += 1;
          latest = Math.max(latest, time);
          expect(fold(engine, state, click(time, seq))).toBe(expected);
        });
        expect([state.late, state.too_late]).toEqual([late, tooLate]);
        expect(engine.vector(state, 0).clicks).toBe(times.length - tooLate);
        expect(engine.watermark(state)).toBe(times.length ? latest - options.outOfOrdernessMs : null);
      }),
    );
  });

  it("is not checked by foldUnchecked", () => {
    const state = foldAll(engine, [click(100_000)]);
    engine.foldUnchecked(state, click(1), click(1));
    expect(engine.vector(state, 0).clicks).toBe(2);
    expect(state.too_late).toBe(0);
  });

  it("lets a late event change an earlier pane of a window", () => {
    const hop = createEngine([{ ...clicks, window: hopping({ every_ms: 1_000, panes: 3 }) }], options);
    const state = foldAll(hop, [click(4_500), click(4_000)]);
    expect(fold(hop, state, click(3_900))).toBe("late");
    expect(hop.vector(state, 4_500).clicks).toBe(3);
  });
});

describe("a change of definitions", () => {
  const minute = { ...clicks, window: hopping({ every_ms: 10_000, panes: 6 }) } as const;
  const ever = { ...clicks, name: "ever", window: lifetime() } as const;
  const before = createEngine([minute, ever]);
  const state = () => foldAll(before, [click(1_000), click(2_000)]);

  it("keeps unchanged accumulators under any name and order, and returns the features that start from scratch", () => {
    const after = createEngine([
      { ...ever, name: "renamed", description: "Other." },
      { ...minute, version: 2 },
    ]);
    const { state: migrated, restarted } = after.migrate(state());
    expect(restarted).toEqual(["clicks"]);
    expect(after.vector(migrated, 2_000)).toEqual({ renamed: 2, clicks: 0 });
    fold(after, migrated, click(3_000));
    expect(after.vector(migrated, 3_000)).toEqual({ renamed: 3, clicks: 1 });
    expect(migrated.event_time).toBe(3_000);
  });

  it("restarts a feature when its condition, aggregate, window or source changes", () => {
    const changes: Feature[] = [
      { ...minute, where: [{ field: "button", is: "eq", value: 0 }] },
      { ...minute, aggregate: { type: "time_since_last" } },
      { ...minute, window: hopping({ every_ms: 10_000, panes: 7 }) },
      { ...minute, source: "any" },
    ];
    for (const change of changes) expect(createEngine([change]).migrate(state()).restarted).toEqual(["clicks"]);
  });

  it("restarts all features of a state with another version", () => {
    const foreign = { ...state(), version: 0, accumulators: undefined } as never;
    const { state: migrated, restarted } = before.migrate(foreign);
    expect(migrated).toEqual(before.emptyState());
    expect(restarted).toEqual(["clicks", "ever"]);
  });

  it("returns the same state for the same definitions", () => {
    const same = state();
    expect(createEngine([minute, ever]).migrate(same)).toEqual({ state: same, restarted: [] });
  });

  it("makes states unmergeable before a migration", () => {
    const other = createEngine([ever]);
    expect(() => other.merge(other.emptyState(), state())).toThrow(
      "cannot merge a state of other definitions: migrate it first",
    );
    expect(() => other.merge(other.emptyState(), other.migrate(state()).state)).not.toThrow();
  });
});
