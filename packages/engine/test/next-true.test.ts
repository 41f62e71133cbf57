import { cumulative, defineFeatures, type Expression, hopping, session, tumbling } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEngine, type EngineEvent } from "../src/engine.ts";
import { evaluate } from "../src/expression.ts";
import { createTimedCondition, GRANULARITY_MS } from "../src/next-true.ts";

const named = { description: "D.", unit: "count", entity: "session" } as const;
const features = defineFeatures([
  { ...named, name: "clicks", source: "click", aggregate: { type: "count" }, window: session() },
  { ...named, name: "since_click", source: "click", aggregate: { type: "time_since_last" }, window: session() },
  { ...named, name: "since_any", source: "any", aggregate: { type: "time_since_last" }, window: session() },
  {
    ...named,
    name: "since_recent_click",
    source: "click",
    aggregate: { type: "time_since_last" },
    window: hopping({ every_ms: 500, panes: 3 }),
  },
  {
    ...named,
    name: "interest",
    source: "click",
    aggregate: { type: "decayed_count", half_life_ms: 700 },
    window: session(),
  },
  {
    ...named,
    name: "recent",
    source: "any",
    aggregate: { type: "count" },
    window: hopping({ every_ms: 300, panes: 5 }),
  },
  {
    ...named,
    name: "pace",
    source: "any",
    aggregate: { type: "rate", per_ms: 1_000 },
    window: cumulative({ every_ms: 500, panes: 4 }),
  },
  {
    ...named,
    name: "depth",
    source: "scroll",
    aggregate: { type: "mean", field: "scroll_depth_px" },
    window: hopping({ every_ms: 400, panes: 4 }),
  },
  {
    ...named,
    name: "deepest",
    source: "scroll",
    aggregate: { type: "max", field: "scroll_depth_px" },
    window: tumbling(900),
  },
  {
    ...named,
    name: "per_click",
    derive: {
      op: "divide",
      left: { op: "subtract", left: { feature: "since_click" }, right: 1_500 },
      right: { feature: "clicks" },
    },
  },
  { ...named, name: "is_calm", derive: { op: "lt", left: { feature: "interest" }, right: 1 } },
]);
const engine = createEngine(features, { outOfOrdernessMs: 1e12 });

const START = 1_700_000_000_000;

const view = { view_id: "v", started_at: START, url: "https://a.example/", path: "/", signals: "clicks scroll" };

const stateOf = (events: readonly { type: "click" | "scroll"; at: number; depth: number }[]) => {
  const state = engine.emptyState();
  events.forEach(({ type, at, depth }, seq) => {
    const event = { type, seq, time: START + at, tab_id: "t", view_id: "v", view, scroll_depth_px: depth };
    engine.fold(state, event as never, event as unknown as EngineEvent);
  });
  return state;
};

const compile = (condition: Expression) => {
  const compiled = createTimedCondition(condition, engine, features);
  if (!compiled) throw new Error("expected a condition that changes with time");
  return compiled;
};

const read = (feature: string): Expression => ({ feature });
const of = (op: string, left: Expression, right: Expression): Expression => ({ op, left, right }) as Expression;
const predicted = (name: string) => (name === "prediction.intent" ? 0.7 : undefined);

const isTrueAt = (condition: Expression, state: ReturnType<typeof stateOf>, time: number): boolean => {
  const values = engine.vector(state, time);
  return evaluate(condition, (name) => values[name] ?? predicted(name) ?? null) === true;
};

const scroll = (at: number, depth: number) => ({ type: "scroll" as const, at, depth });
const click = (at: number) => ({ type: "click" as const, at, depth: 0 });

/** The milliseconds from the start at which a condition is true first, for clicks at given times. */
const nextAfter = (clicks: number[], condition: Expression, after = Math.max(...clicks)) => {
  const time = compile(condition).nextTrue(stateOf(clicks.map(click)), predicted, START + after + 1, START + 1_800_000);
  return time === undefined ? undefined : time - START;
};

describe("the next time at which a condition is true without an event", () => {
  it("is exact for the time since the latest event", () => {
    expect(nextAfter([100], of("gt", read("since_click"), 30_000))).toBe(30_101);
    expect(nextAfter([100], of("gte", read("since_click"), 30_000))).toBe(30_100);
    expect(nextAfter([100], of("lte", 30_000, read("since_click")))).toBe(30_100);
    expect(nextAfter([100], of("eq", read("since_click"), 12_345))).toBe(12_445);
    expect(nextAfter([100], { op: "not", of: of("lt", read("since_click"), 30_000) })).toBe(30_100);
  });

  it("is exact through derived features, and for the events of another type", () => {
    expect(nextAfter([100, 200], of("gte", read("per_click"), 10_000))).toBe(200 + 1_500 + 20_000);
    expect(nextAfter([100], of("and", of("gt", read("since_any"), 5_000), of("eq", read("clicks"), 1)))).toBe(5_101);
    expect(
      nextAfter([100], of("and", of("gt", read("since_any"), 5_000), of("eq", read("clicks"), 2))),
    ).toBeUndefined();
  });

  it("is the time at which the panes of a window leave it", () => {
    // A pane begins 200 ms before the start.
    expect(START % 300).toBe(200);
    expect(nextAfter([0, 50], of("lt", read("recent"), 1))).toBe(1_300);
    expect(nextAfter([0, 150], of("lt", read("recent"), 2))).toBe(1_300);
    expect(nextAfter([0, 150], of("eq", read("recent"), 0))).toBe(1_600);
  });

  it("is the time at which a window drops an event, up to the last time considered", () => {
    // The window has four panes of 400 ms, and a pane begins at the start.
    expect(START % 400).toBe(0);
    const isDeep = compile(of("gt", read("depth"), 0.6));
    const next = (until: number) => {
      const state = stateOf([scroll(0, 0), scroll(450, 1)]);
      return isDeep.nextTrue(state, predicted, START + 451, START + until);
    };
    expect([next(1_599), next(1_600), next(9_000)]).toEqual([undefined, START + 1_600, START + 1_600]);
  });

  it("is the time at which a decayed count falls below a value", () => {
    expect(nextAfter([0], of("lte", read("interest"), 0.25))).toBe(1_400);
    expect(nextAfter([0], read("is_calm"))).toBe(1);
  });

  it("counts a prediction as constant", () => {
    const idle = of("gt", read("since_click"), 3_000);
    expect(nextAfter([0], of("and", idle, of("gt", read("prediction.intent"), 0.5)))).toBe(3_001);
    expect(nextAfter([0], of("and", idle, of("gt", read("prediction.intent"), 0.8)))).toBeUndefined();
    expect(nextAfter([0], of("and", idle, of("gt", read("prediction.other"), 0)))).toBeUndefined();
  });

  it("is none for a condition that only an event can fulfil", () => {
    expect(nextAfter([0], of("lt", read("since_click"), 0))).toBeUndefined();
    expect(nextAfter([0], of("gt", read("recent"), 1))).toBeUndefined();
    expect(nextAfter([0], of("gt", read("since_click"), 1_800_000))).toBeUndefined();
  });

  it("is the first time considered when the condition is true then", () => {
    expect(nextAfter([0], of("gt", read("since_click"), 3_000), 9_000)).toBe(9_001);
  });
});

const comparison = (name: string, max: number): fc.Arbitrary<Expression> =>
  fc
    .tuple(fc.constantFrom("lt", "lte", "gt", "gte", "eq", "ne"), fc.double({ min: 0, max, noNaN: true }), fc.boolean())
    .map(([op, value, isWhole]) => of(op, read(name), isWhole ? Math.round(value) : value));

const comparisons = fc.oneof(
  comparison("since_click", 4_000),
  comparison("since_any", 4_000),
  comparison("since_recent_click", 1_500),
  comparison("interest", 5),
  comparison("recent", 5),
  comparison("pace", 3),
  comparison("depth", 1),
  comparison("deepest", 1),
  comparison("per_click", 1_500),
  comparison("prediction.intent", 1),
  fc.constant(read("is_calm")),
);

/** Conditions that combine comparisons with constants. */
const { condition: combined } = fc.letrec<{ condition: Expression }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2, depthIdentifier: "combined" },
    comparisons,
    fc.tuple(fc.constantFrom("and", "or"), tie("condition"), tie("condition")).map(([op, a, b]) => of(op, a, b)),
    tie("condition").map((inner): Expression => ({ op: "not", of: inner })),
    fc
      .tuple(tie("condition"), tie("condition"), tie("condition"))
      .map(([condition, a, b]): Expression => ({ if: condition, then: a, else: b })),
  ),
}));

/** Conditions with any arithmetic. */
const numbers = fc.letrec<{ number: Expression }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 3, depthIdentifier: "number" },
    fc.integer({ min: -3_000, max: 3_000 }),
    fc.constantFrom(...features.map(({ name }) => read(name)), read("prediction.intent")),
    fc
      .tuple(fc.constantFrom("add", "subtract", "multiply", "divide", "min", "max"), tie("number"), tie("number"))
      .map(([op, a, b]) => of(op, a, b)),
  ),
})).number;
const calculated = fc
  .tuple(fc.constantFrom("lt", "lte", "gt", "gte", "eq", "ne"), numbers, numbers)
  .map(([op, a, b]) => of(op, a, b));

const events = fc.array(
  fc.record({
    type: fc.constantFrom("click" as const, "scroll" as const),
    at: fc.integer({ min: 0, max: 2_500 }),
    depth: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 8 },
);

describe("a condition over any features, at any state", () => {
  it("is true at no millisecond before the computed one, and true at that one", () => {
    fc.assert(
      fc.property(combined, events, fc.integer({ min: 0, max: 3_000 }), (condition, past, after) => {
        const compiled = createTimedCondition(condition, engine, features);
        fc.pre(compiled !== undefined);
        const [state, from, until] = [stateOf(past), START + after, START + after + 4_500];
        const next = compiled?.nextTrue(state, predicted, from, until);
        let expected: number | undefined;
        for (let time = from; time <= until && expected === undefined; time += 1)
          if (isTrueAt(condition, state, time)) expected = time;
        expect(next).toBe(expected);
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it("that calculates is true for no whole second before the computed time, and true at that time", () => {
    fc.assert(
      fc.property(fc.oneof(combined, calculated), events, (condition, past) => {
        const compiled = createTimedCondition(condition, engine, features);
        fc.pre(compiled !== undefined);
        const [state, from, until] = [stateOf(past), START + 2_500, START + 20_000];
        const next = compiled?.nextTrue(state, predicted, from, until);
        if (next !== undefined) expect(isTrueAt(condition, state, next)).toBe(true);
        // Looks often enough to see any whole second.
        let since: number | undefined;
        for (let time = from; time <= (next ?? until + 1) - 1; time += 20) {
          since = isTrueAt(condition, state, time) ? (since ?? time) : undefined;
          if (since !== undefined) expect(time - since).toBeLessThan(GRANULARITY_MS);
        }
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it("is evaluated a bounded number of times in the half hour of an idle session", () => {
    const always = of("gt", read("since_click"), of("add", read("since_any"), 1));
    const fine = of("gt", of("subtract", read("interest"), read("interest")), 0);
    for (const condition of [always, fine, of("and", always, fine)]) {
      const state = stateOf([click(0), click(1), { type: "scroll", at: 2, depth: 1 }]);
      let reads = 0;
      const counted = {
        ...engine,
        overTime: (...args: Parameters<typeof engine.overTime>) => {
          const over = engine.overTime(...args);
          return (
            over && {
              ...over,
              at: (time: number) => {
                reads += 1;
                return over.at(time);
              },
            }
          );
        },
      };
      createTimedCondition(condition, counted, features)?.nextTrue(state, predicted, START + 3, START + 1_800_003);
      expect(reads).toBeLessThan(3 * 2 * (256 + 1_830));
    }
  });
});

describe("a search that takes more work than allowed", () => {
  /** A condition that is never true, with many operands, whose reads are counted. */
  const deep = () => {
    const counted = { reads: 0 };
    const leaf = (name: string): Expression => ({
      get feature() {
        counted.reads += 1;
        return name;
      },
    });
    let condition = of("lt", of("subtract", leaf("interest"), leaf("interest")), 0);
    for (let level = 0; level < 90; level += 1)
      condition = of("or", condition, of("lt", of("add", leaf("since_any"), leaf("interest")), 0));
    return { condition, counted };
  };

  it("ends early, at a time from which on another search continues", () => {
    const { condition, counted } = deep();
    const compiled = compile(condition);
    const state = stateOf([click(0)]);
    const [from, until] = [START + 1, START + 1_800_000];
    counted.reads = 0;
    const next = compiled.nextTrue(state, predicted, from, until, 20_000) ?? 0;
    expect(counted.reads).toBeLessThan(20_000);
    expect(next).toBeGreaterThan(from + GRANULARITY_MS);
    expect(next).toBeLessThan(until);
    counted.reads = 0;
    expect(compiled.nextTrue(state, predicted, next, until, 1)).toBeGreaterThan(next);
    expect(counted.reads).toBeLessThan(20_000);
    expect(compiled.nextTrue(state, predicted, from, until)).toBeUndefined();
  });

  it("finds in the end what one without a bound finds", () => {
    const whole = of("gte", of("subtract", read("since_click"), of("multiply", read("interest"), 1)), 600_000);
    const fulfilled = of("and", deep().condition, of("gt", read("since_click"), 0));
    const condition = of("or", fulfilled, whole);
    const compiled = compile(condition);
    const state = stateOf([click(0)]);
    let [time, searches] = [START + 1, 0];
    for (; !isTrueAt(condition, state, time); searches += 1)
      time = compiled.nextTrue(state, predicted, time + 1, START + 1_800_000, 5_000) ?? Number.POSITIVE_INFINITY;
    expect(searches).toBeGreaterThan(1);
    expect(Math.abs(time - START - 600_000)).toBeLessThanOrEqual(GRANULARITY_MS);
  });
});

describe("a condition that time alone does not change", () => {
  it("is not compiled: one over whole sessions, predictions, and what is derived from these", () => {
    for (const condition of [
      of("gt", read("clicks"), 3),
      of("gt", read("prediction.intent"), 0.5),
      of("and", of("gt", read("clicks"), 3), of("lt", read("clicks"), 9)),
    ])
      expect(createTimedCondition(condition, engine, features)).toBeUndefined();
  });

  it("differs from one with a window of fixed size, a decayed count or a time since, also through a derived feature", () => {
    for (const name of ["since_any", "interest", "recent", "pace", "depth", "deepest", "per_click", "is_calm"])
      expect(createTimedCondition(of("gt", read(name), 1), engine, features)).toBeDefined();
  });
});
