import type { FieldKind } from "@tidemark/schema/event-fields";

/** A SQL dialect that definitions can be compiled to. */
export type DialectName = "duckdb" | "flink" | "spark";

/** The kind of value in a column: `free` is JSON that holds a text or a number, and `null` is always NULL. */
export type Kind = FieldKind | "list" | "null";

/** A call of a SQL aggregate function, and the expression that turns its result into the value. */
export interface AggregateCall {
  call: string;
  result?: (call: string) => string;
  /** Whether the call needs a subquery of its own, because it cannot share one with other calls. */
  standalone?: boolean;
}

/**
 * The parts of a query that differ between SQL dialects. All arguments and results are SQL; the columns of an event are
 * `time`, `tab_id`, `seq` and `view_id`. A member throws an Error with the reason when the dialect has no equivalent.
 */
export interface Dialect {
  name: DialectName;
  /** Name of the dialect in error texts. */
  title: string;
  /** The table of events, whose column `time` is a number of UTC milliseconds. */
  events: string;
  /** Quotes an identifier. */
  quote(name: string): string;
  /** The type of texts of any length. */
  textType: string;
  /** A text literal. */
  text(value: string): string;
  /**
   * A field of an event without a column in every layout; NULL when it holds a value of another kind. A `free` field is
   * a text or a number.
   */
  field(path: readonly string[], kind: FieldKind): string;
  /** A `free` value with its text truncated as in the engine. */
  truncated(free: string): string;
  /**
   * The growth of a total since the largest earlier one of its page view. If the value needs a further column of the
   * table of events, `column` is an item of a SELECT list, with `name` as a part of its name.
   */
  growth(total: string, name: string): { column?: string; value: string };
  /** A number in millionths, as a whole number that is never rounded. Halves round away from zero. */
  millionths(number: string): string;
  /** The DOUBLE nearest to a whole number. */
  nearest(whole: string): string;
  /** The whole part of a number of millionths, rounded towards zero. */
  wholePart(millionths: string): string;
  /** The millionths that remain without the whole part. */
  remainder(millionths: string): string;
  /** The value of the first event, ordered by time, tab_id and seq. It can be NULL if NULLs count. */
  first(value: string, kind: Kind, countsNull: boolean): AggregateCall;
  /** The value of the last event, ordered by time, tab_id and seq. It can be NULL if NULLs count. */
  last(value: string, kind: Kind, countsNull: boolean): AggregateCall;
  /** The number of the event with the largest `seq`. */
  latest(number: string, seq: string): AggregateCall;
  /** A list without values. */
  emptyList: string;
  /** The values of the last `n` events, ordered by time, tab_id and seq, the last one last. */
  lastN(value: string, n: number): AggregateCall;
  /** The value at rank `q * (n - 1)`, rounded down, of all values in ascending order. */
  quantile(number: string, q: string): AggregateCall;
  /**
   * The `k` groups with the largest count, each as its `value`. Equal counts are ordered by group, numbers before texts,
   * ascending.
   */
  topK(group: string, value: string, count: string, k: number, kind: Kind): AggregateCall;
  /** The text, number or boolean in a `free` value; NULL when it holds another kind. */
  fromFree(free: string, kind: "number" | "string" | "boolean"): string;
  /** A value as a `free` one. */
  toFree(value: string, kind: Kind): string;
}
