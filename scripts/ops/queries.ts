import type { Family, families, HistogramFamily } from "../../packages/collector/src/metrics/families.ts";
import type { Query } from "../../packages/collector/src/monitor/query.ts";

/** A family of counters or gauges. */
type Plain = Exclude<Family, HistogramFamily>;

/** The name of a label of a family. */
type LabelOf<F extends Family> = (typeof families)[F]["labels"][number];

/** Labels that a query keeps, and the values of labels that it chooses. */
interface Choice<F extends Family> {
  by?: readonly LabelOf<F>[];
  where?: { readonly [L in LabelOf<F>]?: string | readonly string[] | { not: string | readonly string[] } };
}

/** Time over which dashboards read counters, in seconds. */
const WINDOW_S = 300;

const seriesOf = <F extends Family>(family: F, { by, where }: Choice<F>) => ({
  ...{ family, ...(by && { by }) },
  ...(where && { where: where as Record<string, string> }),
});

/** The sum of the latest values. */
export const latest = <F extends Plain>(family: F, choice: Choice<F> = {}): Query => ({
  type: "latest",
  ...seriesOf(family, choice),
});

/** The greatest of the latest values. */
export const greatest = <F extends Plain>(family: F, choice: Choice<F> = {}): Query => ({
  type: "greatest",
  ...seriesOf(family, choice),
});

/** Increase of counters per second. */
export const rate = <F extends Plain>(family: F, choice: Choice<F> = {}, overSeconds = WINDOW_S): Query => ({
  ...{ type: "rate", overSeconds },
  ...seriesOf(family, choice),
});

/** Increase of counters. */
export const increase = <F extends Plain>(family: F, overSeconds: number, choice: Choice<F> = {}): Query => ({
  ...{ type: "increase", overSeconds },
  ...seriesOf(family, choice),
});

/** Quantile of the values of a histogram. */
export const quantile = <F extends HistogramFamily>(
  share: number,
  family: F,
  choice: Choice<F> = {},
  overSeconds = WINDOW_S,
): Query => ({
  ...{ type: "quantile", quantile: share, overSeconds },
  ...seriesOf(family, choice),
});

/** A constant. */
export const number = (value: number): Query => ({ type: "number", value });

/** The difference of two values. */
export const subtract = (left: Query, right: Query): Query => ({ type: "subtract", left, right });

/** A value as a share of another one. */
export const share = (left: Query, right: Query): Query => ({ type: "divide", left, right });

/** A value as it was a week before. */
export const weekBefore = (of: Query): Query => ({ type: "earlier", of, bySeconds: 7 * 86_400 });
