import type { FieldKind } from "@tidemark/schema/event-fields";

/** The SQL that definitions can be compiled to. */
export type DialectName = "duckdb" | "flink" | "spark";

/** What a column or an expression holds; `free` is a text or a number, as JSON, and `null` nothing ever. */
export type Kind = FieldKind | "list" | "null";

/** A call of an aggregate function, and what its result becomes. */
export interface AggregateCall {
  call: string;
  result?: (call: string) => string;
  /** Whether it cannot stand beside other calls. */
  standalone?: boolean;
}

/**
 * What SQL's dialects say in different words. All arguments and results are SQL; columns of the events are `time`, `tab_id`,
 * `seq` and `view_id`. What a dialect has no words for throws an Error that says why.
 */
export interface Dialect {
  name: DialectName;
  /** A name as it stands, whatever is in it. */
  quote(name: string): string;
  /** Its type of texts of any length. */
  textType: string;
  /** A literal text. */
  text(value: string): string;
  /** A field of the JSON in `event`, when it holds what is asked for; `free` is a text, cut like the engine's, or a number. */
  field(path: readonly string[], kind: FieldKind): string;
  /** A number in millionths, halves away from zero, as a whole number that is never rounded. */
  millionths(number: string): string;
  /** Such a number as the nearest DOUBLE. */
  nearest(whole: string): string;
  /** Number of whole ones in millionths, and the millionths beside, both towards zero. */
  wholePart(millionths: string): string;
  remainder(millionths: string): string;
  /** The value of the first or last event by time, tab_id and seq. */
  first(value: string, kind: Kind): AggregateCall;
  last(value: string, kind: Kind): AggregateCall;
  /** The value with the largest number. */
  latest(number: string, seq: string): AggregateCall;
  /** The values of the last `n` events by time, tab_id and seq, the last one last. */
  lastN(value: string, n: number): AggregateCall;
  /** The value at rank `q * (n - 1)`, rounded down, of all in order. */
  quantile(number: string, q: string): AggregateCall;
  /** Of groups, the `k` with the largest number; equal ones numbers first, then texts, ascending. */
  topK(group: string, count: string, k: number, kind: Kind): AggregateCall;
  /** A text or a number inside of a `free` one, or the reverse. */
  fromFree(free: string, kind: "number" | "string" | "boolean"): string;
  toFree(value: string, kind: Kind): string;
}
