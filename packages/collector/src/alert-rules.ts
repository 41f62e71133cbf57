import { families } from "./metrics/families.ts";
import type { Query } from "./monitor/query.ts";

export type { Alert } from "./monitor/alert.ts";
export { alerts } from "./monitor/alerts.ts";
export { toPromql } from "./monitor/promql.ts";
export type { Condition, Query } from "./monitor/query.ts";

/** Whether the values of a query are times, in seconds: those of a gauge of seconds. */
export const isTime = (query: Query): boolean =>
  (query.type === "latest" || query.type === "greatest") && families[query.family].unit === "seconds";
