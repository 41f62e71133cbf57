import { latestIn, type Timeline } from "./tab/timeline.ts";

/** The cause for which an event is late. */
export type LateCause = "offline" | "closed" | "clock";

/** Age of an event at its receipt from which it is late, in milliseconds: pages send events for at most a minute or two. */
export const LATE_AFTER_MS = 300_000;

/** Error of a page's clock from which its events are late, in milliseconds: the network can explain a smaller one. */
export const CLOCK_ERROR_MS = 60_000;

/** Counts the late events of a batch by cause. */
export interface LateCount {
  /** @param sent Time of the event by the page's clock. @param time The same, corrected. */
  add(sent: number, time: number): void;
  /**
   * The numbers by cause; `undefined` without a late event. Call it when the tab has all events of the batch: if it still
   * captures events, its page was offline.
   */
  byCause(timeline: Timeline): { [C in LateCause]?: number } | undefined;
}

/** Begins the count of a batch that was received at a time, in UTC milliseconds. */
export const countLate = (receivedAt: number): LateCount => {
  let [old, wrong] = [0, 0];
  const isOld = (time: number) => receivedAt - time > LATE_AFTER_MS;
  return {
    add(sent, time) {
      if (Math.abs(time - sent) > CLOCK_ERROR_MS) wrong += 1;
      else if (isOld(time)) old += 1;
    },
    byCause(timeline) {
      if (old + wrong === 0) return undefined;
      const cause = isOld(latestIn(timeline)?.time ?? 0) ? "closed" : "offline";
      return { ...(old > 0 && { [cause]: old }), ...(wrong > 0 && { clock: wrong }) };
    },
  };
};
