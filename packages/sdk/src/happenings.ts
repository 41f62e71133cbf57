import type { BatchAnswer, Event, View } from "@tidemark/schema";
import type { Parcel } from "./delivery/parcel.ts";
import { guard } from "./guard.ts";
import type { Stop } from "./sensors/listen.ts";

/** Why totals are wanted. When the view ends, the document may show the next one already. */
export type ReportReason = "hidden" | "flush" | "view_end";

/** What there is to hear of a tracker. */
export interface Happenings {
  /** A page view began: totals start from zero. */
  view: View;
  /** Totals are wanted now: the page is hidden, a flush was asked for, or the view is about to end. */
  report: ReportReason;
  /** An event was captured, numbered and handed to delivery. */
  event: Event & { tab_id: string };
  /** A batch is on its way: for the first time, or again. Pages before this one may have captured it. */
  sent: Parcel;
  /** The collector answered a batch: `rejected` names events by their position in `events`. */
  acknowledged: Parcel & BatchAnswer;
  /** A request failed and will be repeated, events were given up, or the browser keeps nothing: why, in words. */
  trouble: string;
}

/** Hears of one kind of happening. Returns a function that ends it. */
export type Listen = <T extends keyof Happenings>(type: T, hear: (happening: Happenings[T]) => void) => Stop;

/** Tells of a happening. */
export type Tell = <T extends keyof Happenings>(type: T, happening: Happenings[T]) => void;

/** Passes happenings on to whom they concern. A hearer that throws disturbs nobody. */
export const createHappenings = () => {
  const hearers = new Set<[type: string, hear: (happening: never) => void]>();
  const on: Listen = (...hearer) => {
    hearers.add(hearer);
    return () => hearers.delete(hearer);
  };
  const tell: Tell = (type, happening) => {
    for (const [heard, hear] of hearers) if (heard === type) guard(hear)(happening as never);
  };
  return [on, tell] as const;
};
