import type { Event } from "@tidemark/schema";
import type { EventContext } from "./event-context.ts";
import { viewKey } from "./view-key.ts";
import { addViewValue, noViewValues, type ViewValues } from "./view-values.ts";

/** A field with the growth of a total since the previous event of the page view. */
interface GrowthField {
  type: Event["type"];
  field: string;
  /** The field with the total so far. */
  total: string;
}

/** The fields that features read as {@link withGrowth} returns them. */
export const GROWTH_FIELDS: readonly GrowthField[] = [
  { type: "dwell", field: "engaged_delta_ms", total: "engaged_ms" },
  { type: "scroll", field: "scroll_depth_delta_px", total: "scroll_depth_px" },
];

/** The largest totals of a session's page views so far, by growth field: plain JSON of bounded size. */
export type ViewTotals = Record<string, ViewValues>;

/**
 * The totals of a session whose events are unknown up to a time in UTC milliseconds. The growth of a page view that
 * began before is 0: it may have been counted.
 */
export const totalsUnknownUntil = (time: number): ViewTotals =>
  Object.fromEntries(
    GROWTH_FIELDS.map(({ field }) => [
      field,
      { ...noViewValues(), began: time, settled: { sum: 0, max: Number.MAX_VALUE } },
    ]),
  );

/**
 * Returns an event with the growth of its total since the largest earlier one of its page view. So the growth of a lost
 * event is in the next one, and a sum of growths is the total. Other events are returned as they are.
 *
 * @param totals The totals of the events that counted before in the session. The event's total is added.
 */
export const withGrowth = <E extends Event>(totals: ViewTotals, event: E, context: EventContext): E => {
  const growth = GROWTH_FIELDS.find(({ type }) => type === event.type);
  const { tab_id, view_id, view } = context;
  if (!growth || view_id === undefined) return event;
  const { [growth.total]: total, [growth.field]: stated } = event as unknown as Record<string, unknown>;
  if (typeof total !== "number") return event;
  totals[growth.field] ??= noViewValues();
  const views = totals[growth.field] as ViewValues;
  // The total is the rank too: the largest one counts.
  const grown = addViewValue(views, viewKey(tab_id, view_id), total, total, view?.started_at);
  return grown === stated ? event : { ...event, [growth.field]: grown };
};
