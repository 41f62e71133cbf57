import type { Feature, Window } from "@tidemark/schema";
import type { FieldColumns } from "./field-columns.ts";

/** The rows of a query, and the events that each row aggregates. */
export interface RowSet {
  /** Name of the query, such as `user_features`. */
  name: string;
  features: readonly Feature[];
  /** Names of the columns that identify a row. */
  keys: string[];
  /**
   * The named subqueries, given the fields that features read. The last one is `row_events`: the events of each row,
   * with the keys, `type`, `time`, `tab_id`, `seq`, `view_id` and these fields. A row without events has one event whose
   * `type` is NULL.
   */
  subqueries: (fields: FieldColumns) => [name: string, sql: string][];
  /** The condition that selects the row's events inside a window; `undefined` when all of them are inside. */
  windowFilter: (window: Window) => string | undefined;
  /** Whether the row's events have the events that sessions credit to pages, with the columns of `credit.ts`. */
  hasCredits: boolean;
  /** Read time of a row, in UTC milliseconds; `undefined` when the row has none. */
  at: string | undefined;
}
