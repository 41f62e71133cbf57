import type { ContextFields } from "@tidemark/schema";
import type { PageCredit } from "./touches.ts";

/** The fields that events of every type have. An event of the log has all of them, and is its own context. */
export interface EventContext extends ContextFields {
  /** Event time in UTC milliseconds. */
  time: number;
  tab_id: string;
  /** Number of the event in its tab. */
  seq: number;
  view_id?: string | undefined;
  /** The page's credit for the event. Only in an event that a session credits to a page which it viewed before. */
  credit?: PageCredit | undefined;
}

const contextFields: Record<Exclude<keyof EventContext, "credit">, true> = {
  time: true,
  tab_id: true,
  seq: true,
  view_id: true,
  view: true,
  view_time_ms: true,
  external_referrer: true,
  session_id: true,
  anonymous_id: true,
  user_id: true,
  traffic: true,
  consent: true,
};

/** Whether a field belongs to the context, and not to the events of one type. */
export const isContextField = (name: string): name is keyof typeof contextFields => Object.hasOwn(contextFields, name);
