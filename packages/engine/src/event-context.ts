import type { ContextFields } from "@tidemark/schema";

/**
 * When and where an event happened, and to whom: what is known of every event, whatever its type. An event of the log, which has
 * all that among its fields, is its own context.
 */
export interface EventContext extends ContextFields {
  /** Event time in UTC milliseconds. */
  time: number;
  tab_id: string;
  /** Number in its tab. */
  seq: number;
  view_id?: string | undefined;
}

const fields: Record<keyof EventContext, true> = {
  time: true,
  tab_id: true,
  seq: true,
  view_id: true,
  view: true,
  view_time_ms: true,
  session_id: true,
  anonymous_id: true,
  user_id: true,
  consent: true,
};

/** Whether a field is the context's, for events of all types. */
export const isContextField = (name: string): name is keyof EventContext => Object.hasOwn(fields, name);
