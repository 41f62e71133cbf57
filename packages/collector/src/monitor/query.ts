import type { Family, HistogramFamily } from "../metrics/families.ts";

/** A family of counters or gauges. */
export type Plain = Exclude<Family, HistogramFamily>;

/** Series of a family: those whose labels have these values. A list accepts each of its values, and `not` all others. */
export type Where = Readonly<Record<string, string | readonly string[] | { not: string | readonly string[] }>>;

/** A choice of series, and the labels by which their values are summed. */
export interface Series<F extends Family> {
  family: F;
  where?: Where;
  /** Labels that the result keeps. Default: none, which is one sum over all series. */
  by?: readonly string[];
}

/**
 * A value over the collector's metrics, by labels. It is data: Prometheus reads it as an expression, and the collector
 * evaluates it over its own figures.
 *
 * | type | value |
 * | --- | --- |
 * | `number` | a constant |
 * | `latest` | the sum of the latest values |
 * | `greatest` | the greatest of the latest values |
 * | `rate` | increase of counters per second over a time |
 * | `increase` | increase of counters over a time |
 * | `quantile` | quantile of a histogram's values over a time |
 * | `add`, `subtract`, `multiply`, `divide` | of two values with the same labels; a division by 0 has no value |
 * | `earlier` | a value at an earlier time |
 */
export type Query =
  | { type: "number"; value: number }
  | ({ type: "latest" } & Series<Plain>)
  | ({ type: "greatest" } & Series<Plain>)
  | ({ type: "rate"; overSeconds: number } & Series<Plain>)
  | ({ type: "increase"; overSeconds: number } & Series<Plain>)
  | ({ type: "quantile"; quantile: number; overSeconds: number } & Series<HistogramFamily>)
  | { type: "add" | "subtract" | "multiply" | "divide"; left: Query; right: Query }
  | { type: "earlier"; of: Query; bySeconds: number };

/** A condition on queries. It holds for each set of labels for which its comparison holds. */
export type Condition =
  | { type: "above" | "below"; left: Query; right: Query }
  /** Both, or the first without the second. Labels are those of the first; the second has some of them. */
  | { type: "and" | "unless"; left: Condition; right: Condition }
  /** One or both, which have the same labels. The value is that of the first, if it holds. */
  | { type: "or"; left: Condition; right: Condition }
  /** The metrics have no such series. Its labels are those for which `where` has a single value. */
  | { type: "absent"; family: Plain; where?: Where }
  /** Holds always. */
  | { type: "always" }
  /** Prometheus cannot read the collector's metrics. Only Prometheus can evaluate it. */
  | { type: "down" };
