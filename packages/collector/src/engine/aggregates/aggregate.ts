import type { FeatureValue } from "@tidemark/schema";

/**
 * How a kind of aggregate works: a small algebra (zero, add, merge, result) over plain JSON data. `merge` is associative
 * and commutative and `zero()` is its identity, so that partial results can be combined in any order.
 *
 * @template S state: plain JSON data. `add` may change the state it is given; `merge` leaves both as they are.
 */
export interface AggregateKind<S> {
  zero(): S;
  /** Takes in one event's value: `undefined` when the event lacks the field, or the aggregate reads none. */
  add(state: S, value: unknown, event: Occurrence): S;
  merge(a: S, b: S): S;
  result(state: S): FeatureValue;
}

/** What an aggregate may know of an event beside the value it reads. */
export interface Occurrence {
  /** Event time in UTC milliseconds. */
  time: number;
  tab_id: string;
  /** Number in its tab. */
  seq: number;
  view_id?: string | undefined;
}
