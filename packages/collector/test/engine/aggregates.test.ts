import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AggregateKind, Occurrence } from "../../src/engine/aggregates/aggregate.ts";
import { type AnyAggregate, kindOf } from "../../src/engine/aggregates/index.ts";

const READING = { at: 1000, size_ms: null };

type Input = [value: number, event: Occurrence];

const kinds: Record<string, { aggregate: AnyAggregate; expected: (inputs: Input[]) => unknown }> = {
  count: { aggregate: { type: "count" }, expected: (inputs) => inputs.length },
  sum: {
    aggregate: { type: "sum", field: "time" },
    expected: (inputs) => inputs.reduce((total, [value]) => total + value, 0),
  },
  min: {
    aggregate: { type: "min", field: "time" },
    expected: (inputs) => (inputs.length ? Math.min(...inputs.map(([value]) => value)) : null),
  },
  max: {
    aggregate: { type: "max", field: "time" },
    expected: (inputs) => (inputs.length ? Math.max(...inputs.map(([value]) => value)) : null),
  },
  span: {
    aggregate: { type: "span", field: "time" },
    expected: (inputs) =>
      inputs.length ? Math.max(...inputs.map(([value]) => value)) - Math.min(...inputs.map(([value]) => value)) : null,
  },
  first: { aggregate: { type: "first", field: "time" }, expected: (inputs) => inOrder(inputs)[0]?.[0] ?? null },
  last: { aggregate: { type: "last", field: "time" }, expected: (inputs) => inOrder(inputs).at(-1)?.[0] ?? null },
  "latest_per_view, summed": {
    aggregate: { type: "latest_per_view", field: "time", combine: "sum" },
    expected: (inputs) => latest(inputs).reduce((total, value) => total + value, 0),
  },
  "latest_per_view, largest": {
    aggregate: { type: "latest_per_view", field: "time", combine: "max" },
    expected: (inputs) => (inputs.length ? Math.max(...latest(inputs)) : null),
  },
};

const inOrder = (inputs: Input[]) =>
  inputs.toSorted(
    ([, a], [, b]) => a.time - b.time || (a.tab_id < b.tab_id ? -1 : a.tab_id > b.tab_id ? 1 : a.seq - b.seq),
  );

const latest = (inputs: Input[]) => {
  const views = new Map<string, Input>();
  for (const input of inputs) {
    const known = views.get(input[1].view_id ?? "");
    if (!known || known[1].seq < input[1].seq) views.set(input[1].view_id ?? "", input);
  }
  return [...views.values()].map(([value]) => value);
};

/** Up to 60 events of two tabs and a few views each, every (tab, seq) once, in any order. */
const inputs = fc
  .uniqueArray(
    fc.record({
      value: fc.integer({ min: -1000, max: 1000 }),
      time: fc.nat(50),
      tab: fc.constantFrom("a", "b"),
      seq: fc.nat(40),
      view: fc.nat(5),
    }),
    { maxLength: 60, selector: ({ tab, seq }) => `${tab}${seq}` },
  )
  .map((all) =>
    all.map(({ value, time, tab, seq, view }): Input => [value, { time, tab_id: tab, seq, view_id: `${tab}${view}` }]),
  );

const fold = (kind: AggregateKind<unknown>, all: Input[]) =>
  all.reduce((state, [value, event]) => kind.add(state, value, event), kind.zero());

describe.each(Object.entries(kinds))("the aggregate %s", (_, { aggregate, expected }) => {
  const kind = kindOf(aggregate);

  it("is what its definition says, in whatever order the events come", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        expect(kind.result(fold(kind, all), READING)).toEqual(expected(all));
      }),
    );
  });

  it("merges partial results into the same, associatively, commutatively and with an identity", () => {
    fc.assert(
      fc.property(inputs, fc.nat(60), fc.nat(60), (all, i, j) => {
        const [low, high] = [Math.min(i, j), Math.max(i, j)];
        const parts = () =>
          [all.slice(0, low), all.slice(low, high), all.slice(high)].map((part) => fold(kind, part)) as [
            unknown,
            unknown,
            unknown,
          ];
        const whole = kind.result(fold(kind, all), READING);
        const [a, b, c] = parts();
        expect(kind.result(kind.merge(kind.merge(a, b), c), READING)).toEqual(whole);
        expect(kind.result(kind.merge(a, kind.merge(b, c)), READING)).toEqual(whole);
        expect(kind.result(kind.merge(kind.merge(c, b), a), READING)).toEqual(whole);
        expect(kind.result(kind.merge(kind.zero(), fold(kind, all)), READING)).toEqual(whole);
      }),
    );
  });

  it("keeps its state as plain JSON", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const state = fold(kind, all);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
    );
  });

  it("passes over events that lack the field", () => {
    if (aggregate.type === "count") return;
    const event: Occurrence = { time: 1, tab_id: "a", seq: 0, view_id: "v" };
    expect(kind.result(kind.add(kind.zero(), undefined, event), READING)).toEqual(kind.result(kind.zero(), READING));
  });
});

it("latest_per_view stays bounded and right over hundreds of views", () => {
  const kind = kindOf({ type: "latest_per_view", field: "time", combine: "sum" });
  let state = kind.zero();
  let seq = 0;
  for (let view = 0; view < 500; view += 1) {
    for (const value of [3, 7, 10])
      state = kind.add(state, value, { time: 0, tab_id: "a", seq: seq++, view_id: `v${view}` });
  }
  expect(kind.result(state, READING)).toBe(5000);
  expect(JSON.stringify(state).length).toBeLessThan(1024);
});
