import { families, type HistogramFamily } from "../metrics/families.ts";
import type { History, HistorySeries, Point } from "./history.ts";
import { sharedLabels } from "./labels.ts";
import type { Condition, Query, Where } from "./query.ts";

/** A value with its labels. */
export interface LabelledValue {
  labels: Record<string, string>;
  value: number;
}

/** A text that is the same for the same labels. */
const keyOfLabels = (labels: Readonly<Record<string, string>>, names = Object.keys(labels).sort()): string =>
  JSON.stringify(names.map((name) => [name, labels[name] ?? ""]));

/** Whether labels fulfil conditions. A label that a series does not have is an empty text, as in Prometheus. */
const fulfils = (labels: Readonly<Record<string, string>>, where: Where = {}): boolean =>
  Object.entries(where).every(([label, expected]) => {
    const value = labels[label] ?? "";
    if (typeof expected === "string") return value === expected;
    if (!("not" in expected)) return expected.includes(value);
    return typeof expected.not === "string" ? value !== expected.not : !expected.not.includes(value);
  });

const chosen = (labels: Readonly<Record<string, string>>, by: readonly string[]): Record<string, string> => {
  const kept: Record<string, string> = {};
  // An empty text is no label, as in Prometheus.
  for (const name of by) if (labels[name]) kept[name] = labels[name];
  return kept;
};

/** Combines the values of the same labels. */
const combined = (
  values: readonly LabelledValue[],
  by: readonly string[],
  combine: (one: number, other: number) => number,
): LabelledValue[] => {
  const groups = new Map<string, LabelledValue>();
  for (const { labels, value } of values) {
    const kept = chosen(labels, by);
    const key = keyOfLabels(kept);
    const group = groups.get(key);
    if (group) group.value = combine(group.value, value);
    else groups.set(key, { labels: kept, value });
  }
  return [...groups.values()];
};

const plus = (one: number, other: number): number => one + other;

/**
 * The increase of a counter over a time, by the rule of Prometheus. A value below the one before begins anew at 0.
 *
 * The increase between the first and the last value is extended to both ends of the time. If an end is further away than 1.1
 * average distances of values, it is extended by half a distance only. It is not extended to a time before the counter would
 * have been 0.
 *
 * @param points Values in the time, in ascending order of time.
 * @returns `undefined` for fewer than two values.
 */
export const increaseOf = (points: readonly Point[], from: number, to: number): number | undefined => {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2) return undefined;
  let increase = last.value - first.value;
  points.forEach(({ value }, index) => {
    const before = points[index - 1]?.value ?? 0;
    if (index > 0 && value < before) increase += before;
  });
  const sampled = last.at - first.at;
  const distance = sampled / (points.length - 1);
  let atStart = first.at - from;
  if (increase > 0 && first.value >= 0) atStart = Math.min(atStart, sampled * (first.value / increase));
  const extended = [atStart, to - last.at].map((gap) => (gap < distance * 1.1 ? gap : distance / 2));
  return increase * ((sampled + extended.reduce(plus)) / sampled);
};

/**
 * A quantile of the values in buckets, by the rule of Prometheus: linear between the bounds of its bucket. In the last bucket it
 * is the highest bound. In a first bucket whose bound is not positive, it is this bound.
 *
 * @param bounds Upper bounds, in ascending order, without that of the last bucket.
 * @param totals Numbers of values up to each bound, and of all values.
 * @returns `undefined` without values.
 */
export const quantileOf = (
  quantile: number,
  bounds: readonly number[],
  totals: readonly number[],
): number | undefined => {
  // A rate may make a total smaller than the one before, by a rounding.
  let highest = 0;
  const rising = totals.map((total) => {
    highest = Math.max(highest, total);
    return highest;
  });
  const all = rising.at(-1) ?? 0;
  if (all === 0) return undefined;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  const rank = quantile * all;
  const index = bounds.findIndex((_, each) => (rising[each] ?? 0) >= rank);
  if (index < 0) return bounds.at(-1);
  const end = bounds[index] ?? 0;
  if (index === 0 && end <= 0) return end;
  const begin = index === 0 ? 0 : (bounds[index - 1] ?? 0);
  const below = index === 0 ? 0 : (rising[index - 1] ?? 0);
  return begin + (end - begin) * ((rank - below) / ((rising[index] ?? 0) - below));
};

/** The quantiles of a family of histograms by labels. */
const quantiles = (query: Query & { type: "quantile" }, history: History, at: number): LabelledValue[] => {
  const { family, where, by = [], quantile, overSeconds } = query;
  const from = at - overSeconds * 1_000;
  const { bounds }: { bounds: readonly number[] } = families[family as HistogramFamily];
  const names = families[family].labels;
  const own = new Map<string, HistorySeries>();
  for (const bucket of history.series(`${family}_bucket`)) {
    const { le } = bucket.labels;
    own.set(`${keyOfLabels(bucket.labels, [...names])} ${le}`, bucket);
  }
  const groups = new Map<string, { labels: Record<string, string>; totals: number[] }>();
  for (const count of history.series(`${family}_count`)) {
    if (!fulfils(count.labels, where)) continue;
    const points = history.points(count, from, at);
    const series = keyOfLabels(count.labels, [...names]);
    // A sample's bucket has the values between its bound and the one before. Prometheus reads those up to its bound.
    const sums = points.map(() => 0);
    const increases = [...bounds, "+Inf"].map((bound) => {
      const bucket = own.get(`${series} ${bound}`);
      const values = new Map(bucket ? history.points(bucket, from, at).map((each) => [each.at, each.value]) : []);
      points.forEach((point, index) => {
        sums[index] = (sums[index] ?? 0) + (values.get(point.at) ?? 0);
      });
      return increaseOf(
        points.map((point, index) => ({ at: point.at, value: sums[index] ?? 0 })),
        from,
        at,
      );
    });
    if (increases[0] === undefined) continue;
    const labels = chosen(count.labels, by);
    const key = keyOfLabels(labels);
    const group = groups.get(key);
    if (group) group.totals = group.totals.map((total, index) => total + (increases[index] ?? 0));
    else groups.set(key, { labels, totals: increases.map((each) => each ?? 0) });
  }
  return [...groups.values()].flatMap(({ labels, totals }) => {
    const value = quantileOf(quantile, bounds, totals);
    return value === undefined ? [] : [{ labels, value }];
  });
};

const OPERATIONS = {
  add: plus,
  subtract: (one: number, other: number) => one - other,
  multiply: (one: number, other: number) => one * other,
  divide: (one: number, other: number) => (other === 0 ? Number.NaN : one / other),
};

/** Pairs values with the same labels. A number has all labels. */
const paired = (
  left: number | readonly LabelledValue[],
  right: number | readonly LabelledValue[],
): { labels: Record<string, string>; left: number; right: number }[] => {
  if (typeof left === "number")
    return typeof right === "number" ? [] : right.map(({ labels, value }) => ({ labels, left, right: value }));
  if (typeof right === "number") return left.map(({ labels, value }) => ({ labels, left: value, right }));
  const others = new Map(right.map(({ labels, value }) => [keyOfLabels(labels), value]));
  return left.flatMap(({ labels, value }) => {
    const other = others.get(keyOfLabels(labels));
    return other === undefined ? [] : [{ labels, left: value, right: other }];
  });
};

/**
 * Evaluates a query over a history, as Prometheus does its expression over samples of the same times.
 *
 * @param at UTC milliseconds.
 * @returns A constant as a number; otherwise the values by labels.
 */
export const evaluateQuery = (query: Query, history: History, at: number): number | LabelledValue[] => {
  switch (query.type) {
    case "number":
      return query.value;
    case "earlier":
      return evaluateQuery(query.of, history, at - query.bySeconds * 1_000);
    case "add":
    case "subtract":
    case "multiply":
    case "divide": {
      const left = evaluateQuery(query.left, history, at);
      const right = evaluateQuery(query.right, history, at);
      const operate = OPERATIONS[query.type];
      if (typeof left === "number" && typeof right === "number") return operate(left, right);
      return paired(left, right)
        .map((pair) => ({ labels: pair.labels, value: operate(pair.left, pair.right) }))
        .filter(({ value }) => !Number.isNaN(value));
    }
    case "quantile":
      return quantiles(query, history, at);
    default:
  }
  const { family, where, by = [] } = query;
  const series = history.series(family).filter(({ labels }) => fulfils(labels, where));
  const read = (each: HistorySeries): number | undefined => {
    if (query.type === "latest" || query.type === "greatest") return history.latest(each, at);
    const from = at - query.overSeconds * 1_000;
    const increase = increaseOf(history.points(each, from, at), from, at);
    return increase === undefined || query.type === "increase" ? increase : increase / query.overSeconds;
  };
  const values = series.flatMap((each) => {
    const value = read(each);
    return value === undefined ? [] : [{ labels: each.labels, value }];
  });
  return combined(values, by, query.type === "greatest" ? Math.max : plus);
};

/**
 * Evaluates a condition over a history: the sets of labels for which it holds, each with the value that it compares.
 *
 * @param at UTC milliseconds.
 */
export const evaluateCondition = (condition: Condition, history: History, at: number): LabelledValue[] => {
  switch (condition.type) {
    case "above":
    case "below": {
      const left = evaluateQuery(condition.left, history, at);
      const right = evaluateQuery(condition.right, history, at);
      const holds = (one: number, other: number) => (condition.type === "above" ? one > other : one < other);
      return paired(left, right)
        .filter((pair) => holds(pair.left, pair.right))
        .map((pair) => ({ labels: pair.labels, value: typeof left === "number" ? pair.right : pair.left }));
    }
    case "and":
    case "unless": {
      const on = [...sharedLabels(condition.left, condition.right)];
      const keys = new Set(
        evaluateCondition(condition.right, history, at).map(({ labels }) => keyOfLabels(labels, on)),
      );
      const expected = condition.type === "and";
      return evaluateCondition(condition.left, history, at).filter(
        ({ labels }) => keys.has(keyOfLabels(labels, on)) === expected,
      );
    }
    case "or": {
      const left = evaluateCondition(condition.left, history, at);
      const keys = new Set(left.map(({ labels }) => keyOfLabels(labels)));
      const right = evaluateCondition(condition.right, history, at);
      return [...left, ...right.filter(({ labels }) => !keys.has(keyOfLabels(labels)))];
    }
    case "absent": {
      const { family, where = {} } = condition;
      const isThere = history
        .series(family)
        .some((each) => fulfils(each.labels, where) && history.latest(each, at) !== undefined);
      if (isThere) return [];
      const labels = Object.entries(where).filter((each): each is [string, string] => typeof each[1] === "string");
      return [{ labels: Object.fromEntries(labels), value: 1 }];
    }
    case "always":
      return [{ labels: {}, value: 1 }];
    case "down":
      // The collector's metrics can be read where they are evaluated.
      return [];
  }
};
