import type { Feature, Window } from "@tidemark/schema";

/** Which rows a query has, and of which events each is made. */
export interface RowSet {
  /** What the query tells, as `user_features`. */
  name: string;
  features: readonly Feature[];
  /** Names of the columns that tell its rows apart. */
  keys: string[];
  /**
   * The named subqueries, of which the last, `seen`, has for each row of the query the events that it is made of, with the keys,
   * `type`, `time`, `tab_id`, `seq`, `view_id` and the columns given. A row without events has one whose `type` is NULL.
   */
  subqueries: (columns: readonly string[]) => [name: string, sql: string][];
  /** Which of the seen events a window covers; `undefined` for all. */
  covers: (window: Window) => string | undefined;
  /** The moment that a row tells about, in UTC milliseconds; `undefined` when it tells about none. */
  at: string | undefined;
}
