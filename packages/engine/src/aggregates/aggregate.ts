import type { FeatureValue } from "@tidemark/schema";
import type { EventContext } from "../event-context.ts";
import { truncate } from "../text.ts";

/**
 * How a kind of aggregate works: a small algebra (zero, add, merge, result) over plain JSON. `merge` is associative and
 * commutative and `zero()` is its identity, so that partial results can be combined in any order; a sketch keeps its documented
 * bound in any order.
 *
 * @template S state: plain JSON of bounded size.
 */
export interface AggregateKind<S> {
  emptyPartial(): S;
  /** Takes in one event's value: `undefined` when the event lacks the field, or the aggregate reads none. May change `state`. */
  add(state: S, value: unknown, event: EventContext): S;
  /** May change `a`; leaves `b` as it is, and shares nothing with it that `add` or `merge` change. */
  mergeInto(a: S, b: S): S;
  result(state: S, reading: ResultContext): FeatureValue;
}

/** What a result may depend on beside the state. */
export interface ResultContext {
  /** The moment that is asked about, in UTC milliseconds. No event of the state is later. */
  at: number;
  /** Size of the window; `null` when it has none. */
  size_ms: number | null;
}

/** A value as a state keeps it; `undefined` when it is neither a text nor a number. */
export const storable = (value: unknown): string | number | undefined =>
  typeof value === "string" ? truncate(value) : typeof value === "number" ? value : undefined;
