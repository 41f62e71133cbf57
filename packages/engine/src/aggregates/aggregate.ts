import type { FeatureValue } from "@tidemark/schema";
import type { Occurrence } from "../occurrence.ts";
import { cut } from "../text.ts";

/**
 * How a kind of aggregate works: a small algebra (zero, add, merge, result) over plain JSON. `merge` is associative and
 * commutative and `zero()` is its identity, so that partial results can be combined in any order; a sketch keeps its documented
 * bound in any order.
 *
 * @template S state: plain JSON of bounded size.
 */
export interface AggregateKind<S> {
  zero(): S;
  /** Takes in one event's value: `undefined` when the event lacks the field, or the aggregate reads none. May change `state`. */
  add(state: S, value: unknown, event: Occurrence): S;
  /** May change `a`; leaves `b` as it is, and shares nothing with it that `add` or `merge` change. */
  merge(a: S, b: S): S;
  result(state: S, reading: Reading): FeatureValue;
}

/** What a result may depend on beside the state. */
export interface Reading {
  /** The moment that is asked about, in UTC milliseconds. No event of the state is later. */
  at: number;
  /** Size of the window; `null` when it has none. */
  size_ms: number | null;
}

/** A value as a state keeps it; `undefined` when it is neither a text nor a number. */
export const keepable = (value: unknown): string | number | undefined =>
  typeof value === "string" ? cut(value) : typeof value === "number" ? value : undefined;
