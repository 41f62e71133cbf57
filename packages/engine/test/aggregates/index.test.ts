import { type FeatureValue, lifetime, parseFeatures, session, tumbling } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AggregateKind, ResultContext } from "../../src/aggregates/aggregate.ts";
import { type AnyAggregate, aggregateTypes, kindOf } from "../../src/aggregates/index.ts";
import type { EventContext } from "../../src/event-context.ts";

type Input = [value: unknown, event: EventContext];

/** A read time after all events of the tests. */
const RESULT_CONTEXT: ResultContext = { at: 1_000, size_ms: 60_000 };

interface Case {
  aggregate: AnyAggregate;
  /** Computes the expected result from all inputs. Values are numbers unless the case has others. */
  expected: (inputs: Input[]) => FeatureValue;
  values?: fc.Arbitrary<string | number | undefined>;
  /** Largest relative difference between results of different orders. Default: 0, for exact aggregates. */
  tolerance?: number;
}

/** Any field, since the tests pass the values to the aggregate. */
const field = "time";
const numbers = (inputs: Input[]) => inputs.map(([value]) => value as number);
const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const orNull = (values: number[], of: (values: number[]) => number) => (values.length ? of(values) : null);

const inOrder = (inputs: Input[]) =>
  inputs.toSorted(
    ([, a], [, b]) => a.time - b.time || (a.tab_id < b.tab_id ? -1 : a.tab_id > b.tab_id ? 1 : a.seq - b.seq),
  );

const latestOfViews = (inputs: Input[]) => {
  const views = new Map<string, Input>();
  for (const input of inputs) {
    const view = `${input[1].tab_id} ${input[1].view_id}`;
    const known = views.get(view);
    if (!known || known[1].seq < input[1].seq) views.set(view, input);
  }
  return numbers([...views.values()]);
};

const byFrequency = (inputs: Input[]) => {
  const counts = new Map<unknown, number>();
  for (const [value] of inputs) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || ((a as string) < (b as string) ? -1 : 1))
    .map(([value]) => value);
};

const integers = fc.integer({ min: -1_000, max: 1_000 });
const decimals = fc.integer({ min: -1e9, max: 1e9 }).map((units) => units / 1e6);
const words = fc.constantFrom("a", "b", "c", "d", "e");

const cases: Record<string, Case> = {
  count: { aggregate: { type: "count" }, expected: (inputs) => inputs.length },
  rate: { aggregate: { type: "rate", per_ms: 1_000 }, expected: (inputs) => inputs.length / 60 },
  sum: { aggregate: { type: "sum", field }, expected: (inputs) => total(numbers(inputs)) },
  "sum of decimals": {
    aggregate: { type: "sum", field },
    values: decimals,
    expected: (inputs) => total(numbers(inputs).map((value) => Math.round(value * 1e6))) / 1e6,
  },
  "sum of numbers that doubles cannot add": {
    aggregate: { type: "sum", field },
    values: fc.integer({ min: -1e15, max: 1e15 }),
    expected: (inputs) => Number(numbers(inputs).reduce((sum, value) => sum + BigInt(value), 0n)),
  },
  mean: {
    aggregate: { type: "mean", field },
    expected: (inputs) => orNull(numbers(inputs), (all) => total(all) / all.length),
  },
  stddev: {
    aggregate: { type: "stddev", field },
    expected: (inputs) => {
      const all = numbers(inputs);
      if (all.length < 2) return null;
      const squares = total(all.map((value) => value * value));
      return Math.sqrt((all.length * squares - total(all) ** 2) / (all.length * (all.length - 1)));
    },
    tolerance: 1e-12,
  },
  "stddev of whole numbers and decimals, whose squares doubles cannot add": {
    aggregate: { type: "stddev", field },
    values: fc.oneof(integers, decimals, fc.integer({ min: -1e9, max: 1e9 })),
    expected: (inputs) => {
      const all = numbers(inputs).map((value) => BigInt(Math.round(value * 1e6)));
      if (all.length < 2) return null;
      const sum = all.reduce((total, each) => total + each, 0n);
      const squares = all.reduce((total, each) => total + each * each, 0n);
      const spread = BigInt(all.length) * squares - sum * sum;
      return Math.sqrt(Number(spread) / (all.length * (all.length - 1))) / 1e6;
    },
  },
  min: { aggregate: { type: "min", field }, expected: (inputs) => orNull(numbers(inputs), (all) => Math.min(...all)) },
  max: { aggregate: { type: "max", field }, expected: (inputs) => orNull(numbers(inputs), (all) => Math.max(...all)) },
  span: {
    aggregate: { type: "span", field },
    expected: (inputs) => orNull(numbers(inputs), (all) => Math.max(...all) - Math.min(...all)),
  },
  first: { aggregate: { type: "first", field }, expected: (inputs) => (inOrder(inputs)[0]?.[0] as number) ?? null },
  last: {
    aggregate: { type: "last", field },
    values: words,
    expected: (inputs) => (inOrder(inputs).at(-1)?.[0] as string) ?? null,
  },
  "first of all events, also those without the field": {
    aggregate: { type: "first", field, absent: "null" },
    values: fc.oneof(words, fc.constant(undefined)),
    expected: (inputs) => (inOrder(inputs)[0]?.[0] as string | undefined) ?? null,
  },
  "last of all events, also those without the field": {
    aggregate: { type: "last", field, absent: "null" },
    values: fc.oneof(integers, fc.constant(undefined)),
    expected: (inputs) => (inOrder(inputs).at(-1)?.[0] as number | undefined) ?? null,
  },
  last_n: {
    aggregate: { type: "last_n", n: 3, field },
    values: words,
    expected: (inputs) =>
      inOrder(inputs)
        .slice(-3)
        .map(([value]) => value as string),
  },
  distinct: {
    aggregate: { type: "distinct", field },
    values: fc.oneof(words, fc.nat(5)),
    expected: (inputs) => new Set(inputs.map(([value]) => value)).size,
  },
  top_k: {
    aggregate: { type: "top_k", k: 3, field },
    values: words,
    expected: (inputs) => byFrequency(inputs).slice(0, 3) as string[],
  },
  quantile: {
    aggregate: { type: "quantile", q: 0.75, field },
    expected: (inputs) =>
      orNull(numbers(inputs), (all) => all.toSorted((a, b) => a - b)[Math.floor(0.75 * (all.length - 1))] ?? 0),
    tolerance: 0.02,
  },
  "credit in full": { aggregate: { type: "credit", share: "each" }, expected: (inputs) => inputs.length },
  "credit of the last touch": {
    aggregate: { type: "credit", share: "last_touch", field },
    expected: (inputs) => total(numbers(inputs.filter(([, { credit }]) => credit?.position === 0))),
  },
  "credit in equal shares": {
    aggregate: { type: "credit", share: "linear", field },
    expected: (inputs) =>
      total(numbers(inputs).map((value) => Math.sign(value) * Math.round(Math.abs(value) * 5e5))) / 1e6,
  },
  "credit with decay": {
    aggregate: { type: "credit", share: "time_decay", half_life_ms: 100, field },
    // The older of two pages was viewed one half-life before the other.
    expected: (inputs) =>
      total(inputs.map(([value, { credit }]) => ((value as number) * (credit?.position ? 1 : 2)) / 3)),
    tolerance: 1e-3,
  },
  decayed_count: {
    aggregate: { type: "decayed_count", half_life_ms: 100 },
    expected: (inputs) => total(inputs.map(([, { time }]) => 0.5 ** ((RESULT_CONTEXT.at - time) / 100))),
    tolerance: 1e-9,
  },
  time_since_last: {
    aggregate: { type: "time_since_last" },
    expected: (inputs) =>
      orNull(
        inputs.map(([, { time }]) => RESULT_CONTEXT.at - time),
        (all) => Math.min(...all),
      ),
  },
  "latest_per_view, summed": {
    aggregate: { type: "latest_per_view", field, combine: "sum" },
    expected: (inputs) => total(latestOfViews(inputs)),
  },
  "latest_per_view, largest": {
    aggregate: { type: "latest_per_view", field, combine: "max" },
    expected: (inputs) => orNull(latestOfViews(inputs), (all) => Math.max(...all)),
  },
};

/** Generates up to 60 events of two tabs with views of the same ids, every (tab, seq) once, in any order. */
const inputsOf = (values: fc.Arbitrary<string | number | undefined> = integers): fc.Arbitrary<Input[]> =>
  fc
    .uniqueArray(
      fc.record({ value: values, time: fc.nat(50), tab: fc.constantFrom("a", "b"), seq: fc.nat(40), view: fc.nat(5) }),
      { maxLength: 60, selector: ({ tab, seq }) => `${tab}${seq}` },
    )
    .map((all) =>
      all.map(({ value, time, tab, seq, view }): Input => {
        // Two pages were viewed before the event, 10 and 110 milliseconds earlier.
        const credit = { ages_ms: [10, 110], position: view % 2 };
        return [value, { time, tab_id: tab, seq, view_id: `${view}`, credit }];
      }),
    );

const partialOf = (kind: AggregateKind<unknown>, all: Input[]) =>
  all.reduce((partial, [value, event]) => kind.add(partial, value, event), kind.emptyPartial());

describe.each(Object.entries(cases))("the aggregate %s", (_, { aggregate, expected, values, tolerance = 0 }) => {
  const kind = kindOf(aggregate);
  const inputs = inputsOf(values);
  const expectSame = (actual: FeatureValue, wanted: FeatureValue) => {
    if (tolerance === 0 || typeof actual !== "number" || typeof wanted !== "number") expect(actual).toEqual(wanted);
    else expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(tolerance * Math.abs(wanted) + 1e-12);
  };

  it("returns the expected result for any order of events", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        expectSame(kind.result(partialOf(kind, all), RESULT_CONTEXT), expected(all));
      }),
    );
  });

  it("merges partial results associatively and commutatively, with an identity", () => {
    fc.assert(
      fc.property(inputs, fc.nat(60), fc.nat(60), (all, i, j) => {
        const [low, high] = [Math.min(i, j), Math.max(i, j)];
        const [a, b, c] = [all.slice(0, low), all.slice(low, high), all.slice(high)].map((part) =>
          partialOf(kind, part),
        );
        const before = structuredClone([a, b, c]);
        const copy = <T>(part: T): T => JSON.parse(JSON.stringify(part));
        const whole = kind.result(partialOf(kind, all), RESULT_CONTEXT);
        const merged = [
          kind.mergeInto(kind.mergeInto(copy(a), b), c),
          kind.mergeInto(copy(a), kind.mergeInto(copy(b), c)),
          kind.mergeInto(kind.mergeInto(copy(c), b), a),
          kind.mergeInto(kind.emptyPartial(), partialOf(kind, all)),
          kind.mergeInto(partialOf(kind, all), kind.emptyPartial()),
        ];
        for (const partial of merged) {
          // Partial results of sketches are equal too. Only floating-point sums differ in their last bits.
          if (aggregate.type === "decayed_count") expectSame(kind.result(partial, RESULT_CONTEXT), whole);
          else expect(kind.result(partial, RESULT_CONTEXT)).toEqual(whole);
        }
        expect([a, b, c]).toEqual(before);
      }),
    );
  });

  it("shares nothing between a merged partial result and its parts", () => {
    fc.assert(
      fc.property(inputs, inputs, (some, more) => {
        const part = partialOf(kind, some);
        const before = structuredClone(part);
        const merged = kind.mergeInto(kind.emptyPartial(), part);
        more.reduce(
          (grown, [value, event]) => kind.add(grown, value, event),
          kind.mergeInto(merged, partialOf(kind, more)),
        );
        expect(part).toEqual(before);
      }),
    );
  });

  it("represents a partial result as plain JSON", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const partial = partialOf(kind, all);
        expect(JSON.parse(JSON.stringify(partial))).toEqual(partial);
      }),
    );
  });

  it("skips events without the field", () => {
    if (!("field" in aggregate)) return;
    const event: EventContext = { time: 1, tab_id: "a", seq: 0, view_id: "v" };
    for (const value of [undefined, null, true, {}]) {
      expect(kind.result(kind.add(kind.emptyPartial(), value, event), RESULT_CONTEXT)).toEqual(
        kind.result(kind.emptyPartial(), RESULT_CONTEXT),
      );
    }
  });
});

describe("the cases", () => {
  it.each(Object.values(cases))("include $aggregate.type, which a definition as JSON accepts", ({ aggregate }) => {
    const isOfPage = aggregate.type === "credit";
    const window = aggregate.type === "rate" ? tumbling(1_000) : isOfPage ? lifetime() : session();
    const texts = { name: "f", description: "F.", unit: "count" };
    const feature = { ...texts, entity: isOfPage ? "page" : "session", source: "click", aggregate, window };
    expect(parseFeatures([feature])).toEqual([feature]);
  });

  it("include all types of aggregates", () => {
    expect(new Set(Object.values(cases).map(({ aggregate }) => aggregate.type))).toEqual(new Set(aggregateTypes));
  });
});

/** Adds values in the given order. */
const foldValues = (kind: AggregateKind<unknown>, values: Iterable<unknown>) => {
  let [partial, seq] = [kind.emptyPartial(), 0];
  for (const value of values) {
    partial = kind.add(partial, value, { time: seq, tab_id: "a", seq, view_id: "v" });
    seq += 1;
  }
  return partial;
};
const bytes = (partial: unknown) => JSON.stringify(partial).length;

describe("latest_per_view", () => {
  const LIMIT = 100;
  const sum = kindOf({ type: "latest_per_view", field, combine: "sum" });
  const sumOf = (partial: unknown) => sum.result(partial, RESULT_CONTEXT) as number;

  /** An event of a page view, whose number is its start too. */
  const eventOf = (view: number, seq: number, tab_id = "a"): EventContext => {
    const view_id = `v${view}`;
    return { time: 0, tab_id, seq, view_id, view: { view_id, started_at: 1 + view, url: "u" } };
  };

  it("stays bounded and exact over hundreds of successive page views", () => {
    let partial = sum.emptyPartial();
    for (let view = 0; view < 500; view += 1)
      for (const value of [3, 7, 10]) partial = sum.add(partial, value, eventOf(view, 10 * view + value));
    expect(sumOf(partial)).toBe(5_000);
    expect(bytes(partial)).toBeLessThan(3_000);
  });

  it("counts a page view once that has events between those of hundreds of other page views", () => {
    let partial = sum.emptyPartial();
    for (let view = 1; view < 500; view += 1) {
      partial = sum.add(partial, view, eventOf(0, view));
      partial = sum.add(partial, 1, eventOf(view, view, "b"));
    }
    expect(sumOf(partial)).toBe(499 + 499);
  });

  it("is exact for 100 page views that have events in turn", () => {
    let partial = sum.emptyPartial();
    for (let round = 1; round <= 10; round += 1)
      for (let view = 0; view < LIMIT; view += 1)
        partial = sum.add(partial, 1_000 * round, eventOf(view, 100 * round + view));
    expect(sumOf(partial)).toBe(10_000 * LIMIT);
  });

  it("distinguishes page views of two tabs with the same id", () => {
    const partial = sum.add(sum.add(sum.emptyPartial(), 7_000, eventOf(1, 0, "a")), 5_000, eventOf(1, 1, "b"));
    expect(sumOf(partial)).toBe(12_000);
  });

  /** Generates totals of up to 130 page views: each event has a larger total than the earlier ones of its page view. */
  const growing = fc
    .array(fc.record({ view: fc.nat(129), growth: fc.nat(100), isLate: fc.boolean(), hasStart: fc.boolean() }), {
      minLength: 200,
      maxLength: 800,
      size: "max",
    })
    .map((steps) => {
      const totals = new Map<number, number>();
      const inputs = steps.map(({ view, growth, isLate, hasStart }, seq): [Input, number] => {
        totals.set(view, (totals.get(view) ?? 0) + growth);
        const { view: context, ...event } = eventOf(view, seq);
        return [[totals.get(view), hasStart ? { ...event, view: context } : event], isLate ? seq + 30 : seq];
      });
      const arrived = inputs.toSorted(([, one], [, other]) => one - other).map(([input]) => input);
      return { arrived, truth: total([...totals.values()]), count: totals.size };
    });

  it("never exceeds the sum of the totals, and equals it for up to 100 page views", () => {
    fc.assert(
      fc.property(growing, ({ arrived, truth, count }) => {
        const result = sumOf(partialOf(sum, arrived));
        expect(result).toBeLessThanOrEqual(truth);
        if (count <= LIMIT) expect(result).toBe(truth);
      }),
    );
  });

  /** The sum by the documented rules, in their words. */
  const documentedSum = (arrived: Input[]): number => {
    let stored: { view: string | undefined; seq: number; value: number }[] = [];
    let latestStart = 0;
    let settled: { sum: number; max: number } | undefined;
    for (const [given, { view_id, seq, view }] of arrived) {
      const value = given as number;
      const known = stored.find((each) => each.view === view_id);
      const start = view?.started_at;
      if (known) {
        if (seq > known.seq) Object.assign(known, { seq, value });
        stored = [...stored.filter((each) => each !== known), known];
      } else if (!settled || (start !== undefined && start > latestStart)) {
        latestStart = Math.max(latestStart, start ?? Number.POSITIVE_INFINITY);
        if (stored.length === LIMIT) {
          const first = stored.shift()?.value ?? 0;
          settled = { sum: (settled?.sum ?? 0) + first, max: Math.max(settled?.max ?? 0, first) };
        }
        stored.push({ view: view_id, seq, value });
      } else if (value > settled.max) {
        settled = { sum: settled.sum + value - settled.max, max: value };
      }
    }
    return (settled?.sum ?? 0) + total(stored.map(({ value }) => value));
  };

  it("follows the documented rules beyond 100 page views", () => {
    let beyond = 0;
    fc.assert(
      fc.property(growing, ({ arrived, count }) => {
        if (count > LIMIT) beyond += 1;
        expect(sumOf(partialOf(sum, arrived))).toBe(documentedSum(arrived));
      }),
    );
    expect(beyond).toBeGreaterThan(20);
  });

  it("never exceeds the sum of the totals after a merge", () => {
    fc.assert(
      fc.property(growing, fc.nat(800), ({ arrived, truth }, cut) => {
        const [one, other] = [partialOf(sum, arrived.slice(0, cut)), partialOf(sum, arrived.slice(cut))];
        expect(sumOf(sum.mergeInto(structuredClone(one), other))).toBeLessThanOrEqual(truth);
        expect(sumOf(sum.mergeInto(structuredClone(other), one))).toBeLessThanOrEqual(truth);
        expect(sumOf(sum.mergeInto(sum.emptyPartial(), one))).toBe(sumOf(one));
        expect(sumOf(sum.mergeInto(structuredClone(one), sum.emptyPartial()))).toBe(sumOf(one));
      }),
    );
  });

  it("adds what a page view exceeds the largest settled one by", () => {
    let partial = sum.emptyPartial();
    // The first two of 102 page views are settled.
    for (let view = 0; view < LIMIT + 2; view += 1)
      partial = sum.add(partial, view < 2 ? 10 + view : 1, eventOf(view, view));
    const before = sumOf(partial);
    expect(before).toBe(10 + 11 + LIMIT);
    const sums = [11, 15, 14, 16].map((value, place) => {
      partial = sum.add(partial, value, eventOf(place % 2, 200 + place));
      return sumOf(partial) - before;
    });
    expect(sums).toEqual([0, 4, 4, 5]);
  });
});

describe("distinct", () => {
  const kind = kindOf({ type: "distinct", field });
  const texts = (prefix: number, count: number) => Array.from({ length: count }, (_, index) => `${prefix}/${index}`);

  it("is exact up to 128 values", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 128 }), (prefix, count) => {
        expect(kind.result(foldValues(kind, [...texts(prefix, count), ...texts(prefix, count)]), RESULT_CONTEXT)).toBe(
          count,
        );
      }),
    );
  });

  it("has a standard error of 3.25 % and no bias beyond 128 values", () => {
    for (const count of [129, 300, 1_000, 2_500, 5_000, 20_000]) {
      const errors = Array.from({ length: 40 }, (_, prefix) => {
        return (kind.result(foldValues(kind, texts(prefix, count)), RESULT_CONTEXT) as number) / count - 1;
      });
      const rms = Math.sqrt(total(errors.map((error) => error * error)) / errors.length);
      // The measured error of 40 trials deviates by about a ninth of the true error: a third is three deviations.
      expect(rms).toBeLessThan(0.0325 * 1.34);
      expect(Math.abs(total(errors) / errors.length)).toBeLessThan((3 * 0.0325) / Math.sqrt(40));
    }
  });

  it("has the same partial result for any split of the values", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 4 }), (cuts) => {
        const parts = cuts.map((count, prefix) => foldValues(kind, texts(prefix % 3, count)));
        const whole = foldValues(
          kind,
          cuts.flatMap((count, prefix) => texts(prefix % 3, count)),
        );
        expect(parts.reduce((a, b) => kind.mergeInto(a, b), kind.emptyPartial())).toEqual(whole);
        expect(parts.reduceRight((a, b) => kind.mergeInto(a, b), kind.emptyPartial())).toEqual(whole);
      }),
    );
  });

  it("distinguishes the text 1 from the number 1", () => {
    expect(kind.result(foldValues(kind, [1, "1", "1", 1]), RESULT_CONTEXT)).toBe(2);
  });
});

describe("quantile", () => {
  const values = fc.array(
    fc.double({ min: -1e4, max: 1e4, noNaN: true }).filter((value) => value === 0 || Math.abs(value) > 1e-3),
    {
      minLength: 1,
      maxLength: 300,
    },
  );

  it("is within 2 % of the value at its rank, with and without merges", () => {
    fc.assert(
      fc.property(values, values, fc.double({ min: 0, max: 1, noNaN: true }), (some, more, q) => {
        const kind = kindOf({ type: "quantile", q, field });
        const sorted = [...some, ...more].sort((a, b) => a - b);
        const truth = sorted[Math.floor(q * (sorted.length - 1))] as number;
        const merged = kind.mergeInto(foldValues(kind, some), foldValues(kind, more));
        expect(merged).toEqual(foldValues(kind, [...more, ...some]));
        expect(Math.abs((kind.result(merged, RESULT_CONTEXT) as number) - truth)).toBeLessThanOrEqual(
          0.02 * Math.abs(truth) + 1e-9,
        );
      }),
    );
  });

  it("has at most 512 bins, and merges the lowest ones", () => {
    const kind = kindOf({ type: "quantile", q: 0.9, field });
    const spread = Array.from({ length: 3_000 }, (_, index) => 1.01 ** (index - 1_500));
    const partial = foldValues(kind, spread);
    expect((partial as number[][])[0]).toHaveLength(512);
    const truth = spread[Math.floor(0.9 * 2_999)] as number;
    expect(Math.abs((kind.result(partial, RESULT_CONTEXT) as number) / truth - 1)).toBeLessThanOrEqual(0.02);
    expect(kind.mergeInto(foldValues(kind, spread.slice(1_000)), foldValues(kind, spread.slice(0, 1_000)))).toEqual(
      partial,
    );
  });
});

describe("texts that share their first 200 characters", () => {
  const long = ["a", "b", "c"].map((end) => "x".repeat(200) + end);

  it("are different values of distinct", () => {
    const kind = kindOf({ type: "distinct", field });
    const merged = kind.mergeInto(foldValues(kind, [long[0], long[1]]), foldValues(kind, [long[1], long[2]]));
    expect(kind.result(merged, RESULT_CONTEXT)).toBe(3);
  });

  it("are different values of top_k, each shown by its first 200 characters", () => {
    const kind = kindOf({ type: "top_k", k: 3, field });
    const values = [long[0], long[0], long[1], long[1], "short", "short", "short"];
    const merged = kind.mergeInto(foldValues(kind, values), foldValues(kind, [long[1]]));
    expect(kind.result(merged, RESULT_CONTEXT)).toEqual(["short", "x".repeat(200), "x".repeat(200)]);
    expect(JSON.parse(JSON.stringify(merged))).toEqual(merged);
  });
});

describe("top_k", () => {
  const kind = kindOf({ type: "top_k", k: 20, field });
  /** Values of which a few are far more frequent than hundreds of others. */
  const skewed = fc.array(fc.oneof(fc.nat(4), fc.nat(500)), { maxLength: 1_500 });

  it("counts every value that is more frequent than a 65th of all, with and without merges", () => {
    fc.assert(
      fc.property(skewed, skewed, (some, more) => {
        const all = [...some, ...more];
        const merged = kind.mergeInto(foldValues(kind, some), foldValues(kind, more));
        for (const partial of [merged, foldValues(kind, all)] as [value: number, count: number][][]) {
          expect(partial.length).toBeLessThanOrEqual(64);
          const counted = new Map(partial);
          for (const value of new Set(all)) {
            const count = all.filter((each) => each === value).length;
            expect(counted.get(value) ?? 0).toBeLessThanOrEqual(count);
            expect(counted.get(value) ?? 0).toBeGreaterThanOrEqual(count - all.length / 65);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("a partial result", () => {
  it("truncates a text longer than 200 characters", () => {
    const long = "x".repeat(1_000);
    for (const aggregate of [
      { type: "last", field },
      { type: "last_n", n: 1, field },
      { type: "top_k", k: 1, field },
    ] as const) {
      const kind = kindOf(aggregate);
      expect([kind.result(foldValues(kind, [long]), RESULT_CONTEXT)].flat()).toEqual(["x".repeat(200)]);
    }
  });

  it("skips numbers beyond the bound of sums", () => {
    const kind = kindOf({ type: "sum", field });
    expect(kind.result(foldValues(kind, [1, 1e16, Number.NaN, Number.POSITIVE_INFINITY, 2]), RESULT_CONTEXT)).toBe(3);
  });
});
