import { array, assert, constantFrom, double, integer, property, record, uniqueArray } from "fast-check";
import { describe, expect, it } from "vitest";
import { families, histogramKey, type Samples, sampleKey } from "../../src/metrics/families.ts";
import { evaluateCondition, evaluateQuery, increaseOf, quantileOf } from "../../src/monitor/evaluate.ts";
import { History } from "../../src/monitor/history.ts";
import type { Condition, Query } from "../../src/monitor/query.ts";

const NOW = Date.UTC(2026, 10, 30);
const number = (value: number): Query => ({ type: "number", value });

/** A history with samples each 10 s, of which the last is now. */
const historyOf = (rounds: readonly Samples[]): History => {
  const names = Object.keys(families).flatMap((name) => [name, `${name}_bucket`, `${name}_count`]);
  const history = new History(names);
  rounds.forEach((samples, index) => {
    history.add(NOW - (rounds.length - 1 - index) * 10_000, samples);
  });
  return history;
};

const paused = (site: string, sink: string, value: number): Samples => ({
  [sampleKey("tidemark_sink_paused", { site, sink })]: value,
});

const names = constantFrom("a", "b", "c", 'q"\\');

/** Values of a gauge, by labels. */
const gauges = uniqueArray(record({ site: names, sink: names, value: integer({ min: -9, max: 9 }) }), {
  selector: ({ site, sink }) => `${site} ${sink}`,
});

const samplesOf = (given: { site: string; sink: string; value: number }[]): Samples =>
  Object.fromEntries(
    given.map(({ site, sink, value }) => {
      const escaped = (text: string) => text.replace(/[\\"]/g, "\\$&");
      return [`tidemark_sink_paused{site="${escaped(site)}",sink="${escaped(sink)}"}`, value];
    }),
  );

const latest = (by: string[], where = {}): Query => ({ type: "latest", family: "tidemark_sink_paused", by, where });

/** The keys of the labels for which a condition holds. */
const held = (condition: Condition, history: History): string[] =>
  evaluateCondition(condition, history, NOW)
    .map(({ labels }) => JSON.stringify(labels, Object.keys(labels).sort()))
    .sort();

describe("a sum over labels", () => {
  it("is that of the values of its series, and all sums together are that of all series", () => {
    assert(
      property(gauges, (given) => {
        const history = historyOf([samplesOf(given)]);
        const bySite = evaluateQuery(latest(["site"]), history, NOW) as { labels: { site: string }; value: number }[];
        for (const { labels, value } of bySite)
          expect(value).toBe(
            given.filter(({ site }) => site === labels.site).reduce((sum, each) => sum + each.value, 0),
          );
        expect(bySite).toHaveLength(new Set(given.map(({ site }) => site)).size);
        const all = given.reduce((sum, each) => sum + each.value, 0);
        expect(evaluateQuery(latest([]), history, NOW)).toEqual(given.length ? [{ labels: {}, value: all }] : []);
      }),
    );
  });

  it("has the series that the labels choose", () => {
    assert(
      property(gauges, names, (given, site) => {
        const history = historyOf([samplesOf(given)]);
        const sum = (where: object) => {
          const values = evaluateQuery(latest([], where), history, NOW) as { value: number }[];
          return values[0]?.value ?? 0;
        };
        const all = sum({});
        expect(sum({ site }) + sum({ site: { not: site } })).toBe(all);
        expect(sum({ site: [site, "a"] }) + sum({ site: { not: [site, "a"] } })).toBe(all);
      }),
    );
  });

  it("has the greatest value for greatest", () => {
    assert(
      property(gauges, (given) => {
        const query: Query = { type: "greatest", family: "tidemark_sink_paused" };
        const values = evaluateQuery(query, historyOf([samplesOf(given)]), NOW);
        const greatest = Math.max(...given.map(({ value }) => value));
        expect(values).toEqual(given.length > 0 ? [{ labels: {}, value: greatest }] : []);
      }),
    );
  });
});

describe("the increase of a counter", () => {
  it("is what it has counted between the first and the last value, also when it begins again at 0", () => {
    const steps = array(record({ by: integer({ min: 0, max: 50 }), restarts: constantFrom(true, false, false) }), {
      minLength: 2,
      maxLength: 30,
    });
    assert(
      property(steps, (given) => {
        let value = 0;
        let counted = 0;
        const points = given.map(({ by, restarts }, index) => {
          // A value that is not below the one before does not show that the counter began again.
          const begins = restarts && index > 0 && by < value;
          value = begins ? by : value + by;
          if (index > 0) counted += by;
          return { at: (index + 1) * 10_000, value };
        });
        const last = given.length * 10_000;
        // From the first value to the last one there is nothing to extend.
        expect(increaseOf(points, 10_000, last)).toBeCloseTo(counted);
      }),
    );
  });

  it("is extended to the whole time, but not to a time before the counter was 0", () => {
    const points = [100, 110, 120].map((value, index) => ({ at: 20_000 + index * 10_000, value }));
    // 20 in 20 s, and half a distance at the beginning, of which nothing is known for 20 s.
    expect(increaseOf(points, 0, 40_000)).toBeCloseTo(25);
    // One distance is no gap.
    expect(increaseOf(points, 10_000, 50_000)).toBeCloseTo(40);
    const young = [2, 12, 22].map((value, index) => ({ at: 20_000 + index * 10_000, value }));
    expect(increaseOf(young, 10_000, 40_000)).toBeCloseTo(22);
  });

  it("needs two values", () => {
    expect(increaseOf([{ at: 5, value: 1 }], 0, 10)).toBeUndefined();
    expect(increaseOf([], 0, 10)).toBeUndefined();
  });

  it("is the rate times the time, and sums over series", () => {
    const key = (field: string) =>
      sampleKey("tidemark_events_rejected_total", { site: "shop", code: "x", field, release: "1" });
    const history = historyOf([0, 1, 2, 3, 4, 5, 6].map((n) => ({ [key("a")]: n * 10, [key("b")]: 100 + n * 20 })));
    const of = { family: "tidemark_events_rejected_total", overSeconds: 60, by: ["site"] } as const;
    expect(evaluateQuery({ type: "increase", ...of }, history, NOW)).toEqual([
      { labels: { site: "shop" }, value: expect.closeTo(180) },
    ]);
    expect(evaluateQuery({ type: "rate", ...of }, history, NOW)).toEqual([
      { labels: { site: "shop" }, value: expect.closeTo(3) },
    ]);
  });
});

describe("a quantile of a histogram", () => {
  it("is linear between the bounds of its bucket, the highest bound in the last one, and none without values", () => {
    expect(quantileOf(0.5, [1, 2, 4], [0, 10, 10, 10])).toBeCloseTo(1.5);
    expect(quantileOf(0.5, [1, 2, 4], [10, 10, 10, 10])).toBeCloseTo(0.5);
    expect(quantileOf(0.9, [1, 2, 4], [5, 5, 5, 10])).toBe(4);
    expect(quantileOf(0.5, [-1, 2, 4], [10, 10, 10, 10])).toBe(-1);
    expect(quantileOf(0.5, [1, 2, 4], [0, 0, 0, 0])).toBeUndefined();
    expect(quantileOf(-1, [1], [1, 1])).toBe(Number.NEGATIVE_INFINITY);
    expect(quantileOf(2, [1], [1, 1])).toBe(Number.POSITIVE_INFINITY);
  });

  it("is in the bucket of the value with its rank, and grows with the quantile", () => {
    const { bounds } = families.tidemark_wait_seconds;
    const series = sampleKey("tidemark_wait_seconds", { on: "put", outcome: "ok" });
    assert(
      property(
        array(double({ min: 0.001, max: 9, noNaN: true }), { minLength: 1, maxLength: 40 }),
        double({ min: 0.01, max: 0.99, noNaN: true }),
        (values, quantile) => {
          const after: Samples = {};
          for (const value of values)
            for (const key of [
              histogramKey(
                series,
                "bucket",
                bounds.find((bound) => value <= bound),
              ),
              histogramKey(series, "count"),
            ])
              after[key] = (after[key] ?? 0) + 1;
          // The counters begin before all values.
          const before = Object.fromEntries(Object.keys(after).map((key) => [key, 0]));
          const history = historyOf([before, after]);
          const query = (q: number): Query => ({
            ...{ type: "quantile", family: "tidemark_wait_seconds", quantile: q, overSeconds: 60 },
          });
          const [result] = evaluateQuery(query(quantile), history, NOW) as { value: number }[];
          const ranked = values.toSorted((a, b) => a - b)[Math.ceil(quantile * values.length - 1e-9) - 1] ?? 0;
          const end = bounds.find((bound) => ranked <= bound) ?? 10;
          const begin = bounds[bounds.indexOf(end) - 1] ?? 0;
          expect(result?.value).toBeGreaterThanOrEqual(begin - 1e-9);
          expect(result?.value).toBeLessThanOrEqual(end + 1e-9);
          const [higher] = evaluateQuery(query(0.995), history, NOW) as { value: number }[];
          expect(higher?.value).toBeGreaterThanOrEqual((result?.value ?? 0) - 1e-9);
        },
      ),
    );
  });
});

describe("operations", () => {
  it("pair values with the same labels, and leave out a division by 0", () => {
    const history = historyOf([{ ...paused("a", "x", 6), ...paused("b", "x", 3), ...paused("a", "y", 0) }]);
    const sink = (name: string) => latest(["site"], { sink: name });
    expect(evaluateQuery({ type: "subtract", left: sink("x"), right: sink("y") }, history, NOW)).toEqual([
      { labels: { site: "a" }, value: 6 },
    ]);
    expect(evaluateQuery({ type: "divide", left: sink("x"), right: sink("y") }, history, NOW)).toEqual([]);
    expect(evaluateQuery({ type: "divide", left: number(12), right: sink("x") }, history, NOW)).toEqual([
      { labels: { site: "a" }, value: 2 },
      { labels: { site: "b" }, value: 4 },
    ]);
  });

  it("read a value at an earlier time", () => {
    const history = historyOf([1, 2, 3, 4].map((value) => paused("a", "x", value)));
    const earlier = (bySeconds: number): Query => ({ type: "earlier", of: latest([]), bySeconds });
    expect(evaluateQuery(earlier(20), history, NOW)).toEqual([{ labels: {}, value: 2 }]);
    expect(evaluateQuery({ type: "earlier", of: earlier(20), bySeconds: 10 }, history, NOW)).toEqual([
      { labels: {}, value: 1 },
    ]);
    expect(evaluateQuery(earlier(60), history, NOW)).toEqual([]);
  });

  it("have no value of a series that the latest metrics do not have", () => {
    expect(evaluateQuery(latest([]), historyOf([paused("a", "x", 1), {}]), NOW)).toEqual([]);
  });
});

describe("conditions", () => {
  const above = (limit: number, by = ["sink", "site"]): Condition => ({
    ...{ type: "above", left: latest(by), right: number(limit) },
  });
  const below = (limit: number): Condition => ({ type: "below", left: latest(["sink", "site"]), right: number(limit) });
  const limits = integer({ min: -9, max: 9 });

  it("hold for the labels of and, or and unless as sets do", () => {
    assert(
      property(gauges, limits, limits, (given, one, other) => {
        const history = historyOf([samplesOf(given)]);
        const [left, right] = [above(one), below(other)];
        const [a, b] = [held(left, history), held(right, history)];
        expect(held({ type: "and", left, right }, history)).toEqual(a.filter((key) => b.includes(key)));
        expect(held({ type: "unless", left, right }, history)).toEqual(a.filter((key) => !b.includes(key)));
        expect(held({ type: "or", left, right }, history)).toEqual([...new Set([...a, ...b])].sort());
      }),
    );
  });

  it("match a second one with fewer labels by those", () => {
    assert(
      property(gauges, limits, limits, (given, one, other) => {
        const history = historyOf([samplesOf(given)]);
        const sites = evaluateCondition(above(other, ["site"]), history, NOW).map(({ labels }) => labels.site);
        const expected = evaluateCondition(above(one), history, NOW).filter(({ labels }) =>
          sites.includes(labels.site),
        );
        const both: Condition = { type: "and", left: above(one), right: above(other, ["site"]) };
        expect(evaluateCondition(both, history, NOW)).toEqual(expected);
      }),
    );
  });

  it("hold for each value on one side of a limit, and for none on both", () => {
    assert(
      property(gauges, limits, (given, limit) => {
        const history = historyOf([samplesOf(given)]);
        const counts = [above(limit), below(limit)].map((each) => held(each, history).length);
        expect(counts).toEqual([
          given.filter(({ value }) => value > limit).length,
          given.filter(({ value }) => value < limit).length,
        ]);
      }),
    );
  });

  it("find an absent series, with the labels that it would have", () => {
    assert(
      property(gauges, names, names, (given, site, sink) => {
        const absent: Condition = {
          type: "absent",
          family: "tidemark_sink_paused",
          where: { site, sink: [sink, "d"] },
        };
        const isThere = given.some((each) => each.site === site && each.sink === sink);
        expect(evaluateCondition(absent, historyOf([samplesOf(given)]), NOW)).toEqual(
          isThere ? [] : [{ labels: { site }, value: 1 }],
        );
      }),
    );
  });

  it("hold always for always, and never for what only Prometheus sees", () => {
    expect(evaluateCondition({ type: "always" }, historyOf([]), NOW)).toEqual([{ labels: {}, value: 1 }]);
    expect(evaluateCondition({ type: "down" }, historyOf([]), NOW)).toEqual([]);
  });
});
