import type { FeatureValue } from "@tidemark/schema";
import type { EventContext } from "../event-context.ts";
import { truncate } from "../text.ts";

/**
 * The algebra of a kind of aggregate over partial results. `mergeInto` is associative and commutative, and
 * `emptyPartial()` is its identity, so that partial results can be merged in any order. A sketch stays within its
 * documented bound in any order.
 *
 * @template S A partial result: plain JSON of bounded size.
 */
export interface AggregateKind<S> {
  /** A number that grows when the form of a partial result changes: stored ones then start from scratch. Default: 0. */
  revision?: number;
  emptyPartial(): S;
  /**
   * Adds one event's value and returns the partial result. May change `partial`.
   *
   * @param value The aggregate's field; `undefined` when the event lacks it, or the aggregate has none.
   */
  add(partial: S, value: unknown, event: EventContext): S;
  /**
   * Merges `b` into `a` and returns the partial result. May change `a`, never `b`. The result shares nothing with `b`
   * that `add` or `mergeInto` would change.
   */
  mergeInto(a: S, b: S): S;
  result(partial: S, context: ResultContext): FeatureValue;
}

/** The read time and the window of a result. */
export interface ResultContext {
  /** Read time in UTC milliseconds. No event of the partial result is later. */
  at: number;
  /** Size of the window in milliseconds; `null` for a session or a lifetime. */
  size_ms: number | null;
}

/** Returns a value as a state stores it, with texts truncated; `undefined` when it is neither a text nor a number. */
export const storable = (value: unknown): string | number | undefined =>
  typeof value === "string" ? truncate(value) : typeof value === "number" ? value : undefined;
