import { type AggregateFeature, cumulative, hopping, lifetime, session, tumbling } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Accumulator, accumulatorsOf } from "../src/accumulator.ts";

const clicks: AggregateFeature = {
  name: "clicks",
  description: "Clicks.",
  unit: "count",
  entity: "user",
  source: "any",
  aggregate: { type: "count" },
  window: lifetime(),
};

const feature = (name: string, more: object = {}) => ({ ...clicks, ...more, name }) as AggregateFeature;

const idsOf = (...features: AggregateFeature[]) => accumulatorsOf(features).accumulators.map(({ id }) => id);

const only = (more: object = {}): Accumulator => accumulatorsOf([feature("only", more)]).accumulators[0] as Accumulator;

const at = (time: number) => ({ time, tab_id: "tab-a", seq: time });

describe("accumulatorsOf", () => {
  const minute = hopping({ every_ms: 10_000, panes: 6 });

  it.each<[string, object, object]>([
    ["another name, description and unit", {}, { description: "Other.", unit: "clicks" }],
    ["another entity", {}, { entity: "page" }],
    ["no conditions, stated or not", {}, { where: [] }],
    ["the first version, stated or not", {}, { version: 1 }],
    ["a session and a lifetime", {}, { entity: "session", window: session() }],
    ["windows of different lengths with equal panes", { window: minute }, { window: { ...minute, panes: 2 } }],
    [
      "a tumbling window and a hopping one of one pane",
      { window: tumbling(1_000) },
      { window: hopping({ every_ms: 1_000, panes: 1 }) },
    ],
    [
      "a tumbling window and a cumulative one of equal size",
      { window: tumbling(6_000) },
      { window: cumulative({ every_ms: 1_000, panes: 6 }) },
    ],
    [
      "another order of keys",
      { where: [{ field: "tab_id", is: "eq", value: "a" }] },
      { where: [{ value: "a", is: "eq", field: "tab_id" }] },
    ],
  ])("returns one accumulator for features with %s", (_, one, other) => {
    const { accumulators, positionOf } = accumulatorsOf([feature("one", one), feature("other", other)]);
    expect(accumulators).toHaveLength(1);
    expect([...positionOf]).toEqual([
      ["one", 0],
      ["other", 0],
    ]);
  });

  it.each<[string, object]>([
    ["source", { source: "click" }],
    ["condition", { where: [{ field: "tab_id", is: "eq", value: "a" }] }],
    ["aggregate", { aggregate: { type: "time_since_last" } }],
    ["version", { version: 2 }],
    ["size of panes", { window: tumbling(1_000) }],
  ])("returns two accumulators for features with a different %s", (_, other) => {
    const { accumulators, positionOf } = accumulatorsOf([feature("one"), feature("other", other)]);
    expect(accumulators).toHaveLength(2);
    expect(new Set(accumulators.map(({ id }) => id)).size).toBe(2);
    expect([...positionOf.values()]).toEqual([0, 1]);
  });

  it("returns two accumulators for conditions in a different order, which is part of the id", () => {
    const [a, b] = [
      { field: "tab_id", is: "eq", value: "a" },
      { field: "seq", is: "gt", value: 0 },
    ];
    expect(idsOf(feature("one", { where: [a, b] }), feature("other", { where: [b, a] }))).toHaveLength(2);
  });
});

describe("the id of an accumulator", () => {
  /** Ids in stored states, which never change. */
  const golden: [id: string, more: object][] = [
    ["nhkpo3n", {}],
    ["g5a3y20", { source: "click" }],
    ["wgd41vj", { window: tumbling(86_400_000) }],
    ["isbsvuq", { window: hopping({ every_ms: 10_000, panes: 6 }) }],
    ["s6ru4cy", { aggregate: { type: "sum", field: "properties.price" }, source: "custom", version: 2 }],
    ["gl8w44x", { aggregate: { type: "latest_per_view", field: "engaged_ms", combine: "sum" }, source: "dwell" }],
    ["qaj52q8", { where: [{ field: "view.path", is: "in", values: ["/", "/a"] }] }],
  ];

  it.each(golden)("%s is the stored id", (id, more) => {
    expect(only(more).id).toBe(id);
  });

  it("does not depend on the other features, nor on their order", () => {
    const all = golden.map(([, more], index) => feature(`feature_${index}`, more));
    const ids = new Map(all.map((each) => [each.name, idsOf(each)[0]]));
    fc.assert(
      fc.property(fc.shuffledSubarray(all), (some) => {
        const { accumulators, positionOf } = accumulatorsOf(some);
        for (const { name } of some) expect(accumulators[positionOf.get(name) as number]?.id).toBe(ids.get(name));
      }),
    );
  });

  it("changes with the number of panes of the longest window", () => {
    const short = feature("short", { window: hopping({ every_ms: 1_000, panes: 2 }) });
    const long = feature("long", { window: hopping({ every_ms: 1_000, panes: 5 }) });
    expect(idsOf(short, long)).toEqual(idsOf(long));
    expect(idsOf(long, short)).toEqual(idsOf(long));
    expect(idsOf(short)).not.toEqual(idsOf(long));
  });
});

describe("an accumulator", () => {
  const isA = { where: [{ field: "tab_id", is: "eq", value: "tab-a" }] };

  it("adds events that satisfy its conditions, and does not change its cell for others", () => {
    for (const window of [lifetime(), tumbling(1_000)]) {
      const accumulator = only({ ...isA, window });
      const cell = accumulator.add(null, {}, at(100));
      const counted = accumulator.kind.result(accumulator.partial(cell, 1, 100), { at: 100, size_ms: null });
      expect(counted).toBe(1);
      expect(accumulator.add(cell, {}, { ...at(200), tab_id: "tab-b" })).toBe(cell);
      expect(accumulator.add(null, {}, { ...at(200), tab_id: "tab-b" })).toBeNull();
    }
  });

  it("keeps the panes of its longest window, and returns the partial result of each window by its length", () => {
    const windows = [2, 5].map((panes) => hopping({ every_ms: 1_000, panes }));
    const { accumulators } = accumulatorsOf(windows.map((window, index) => feature(`feature_${index}`, { window })));
    const accumulator = accumulators[0] as Accumulator;
    let cell: unknown = null;
    for (let time = 0; time < 10_000; time += 500) cell = accumulator.add(cell, {}, at(time));
    expect(cell).toHaveLength(2 * 5);
    expect([1, 2, 5].map((panes) => accumulator.partial(cell, panes, 9_999))).toEqual([2, 4, 10]);
    expect(accumulator.partial(cell, 5, 12_000)).toBe(4);
    expect(accumulator.partial(null, 5, 9_999)).toBe(0);
  });

  it("merges cells of other events, and does not change them", () => {
    for (const window of [lifetime(), hopping({ every_ms: 1_000, panes: 3 })]) {
      const accumulator = only({ window, aggregate: { type: "last_n", field: "seq", n: 5 } });
      const [one, other] = [
        [1, 2_001],
        [1_001, 2_002],
      ].map((times) => times.reduce<unknown>((cell, time) => accumulator.add(cell, {}, at(time)), null));
      const before = structuredClone(other);
      const both = accumulator.mergeInto(accumulator.mergeInto(null, other), one);
      accumulator.add(both, {}, at(2_003));
      const latest = accumulator.kind.result(accumulator.partial(both, 3, 2_999), { at: 2_999, size_ms: null });
      expect(latest).toEqual([1, 1_001, 2_001, 2_002, 2_003]);
      expect(other).toEqual(before);
    }
  });
});
