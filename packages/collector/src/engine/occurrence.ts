import type { EventContext } from "@tidemark/schema";

/**
 * When and where an event happened, and to whom: what is known of every event, whatever its type. An event of the log, which has
 * all that among its fields, is its own occurrence.
 */
export interface Occurrence extends EventContext {
  /** Event time in UTC milliseconds. */
  time: number;
  tab_id: string;
  /** Number in its tab. */
  seq: number;
  view_id?: string | undefined;
}
