import type { AggregateFeature, Window } from "./feature.ts";

/**
 * Largest size of what one feature stores of an entity, in characters of JSON. The collector stores all features of an
 * entity in one value, which has at most two million.
 */
export const MAX_FEATURE_STATE = 1_000_000;

/** Sizes of a number, and of a text of 200 characters of one byte each, with quotes and separator. */
const NUMBER = 18;
const TEXT = 203;
/** A value with the position of its event. */
const POSITIONED = 300;

/** Largest size of the partial result of each aggregate, in characters of JSON; for `last_n`, of one value. */
const PARTIAL: Record<AggregateFeature["aggregate"]["type"], number> = {
  count: NUMBER,
  rate: NUMBER,
  time_since_last: NUMBER,
  sum: 40,
  credit: 40,
  min: 30,
  max: 30,
  span: 60,
  mean: 60,
  decayed_count: 60,
  stddev: 150,
  first: POSITIONED,
  last: POSITIONED,
  last_n: POSITIONED,
  // 128 hashes, and then 1,024 registers of at most two digits.
  distinct: 3_100,
  // 512 bins, each with its number and a count.
  quantile: 512 * 24,
  // 64 values, each with a count and, if it is truncated, a hash.
  top_k: 64 * (TEXT + NUMBER + 4 + NUMBER),
  // 100 page views, each with a hash, a number and a value; and those of the settled ones.
  latest_per_view: 100 * (NUMBER + 12 + 26) + 120,
};

/** The number of partial results that a window stores. Only a hopping window drops its oldest part while it moves. */
const partialsOf = (window: Window): number => (window.type === "hopping" ? window.panes : 1);

/**
 * Largest size of what a feature stores of an entity, in characters of JSON, when its texts have 200 characters of one
 * byte each.
 */
export const maxStateSize = (aggregate: { type: keyof typeof PARTIAL; n?: number }, window: Window): number =>
  partialsOf(window) * (PARTIAL[aggregate.type] * (aggregate.n ?? 1) + NUMBER);
