import type { DeliveryCounts, Dropped } from "@tidemark/schema";
import { MAX_ACKNOWLEDGED_RANGES } from "@tidemark/schema/limits";
import { type ClientClock, newClock } from "./clock.ts";
import { has, highest, type Intervals, insert, insertNext, size, touches, union } from "./intervals.ts";

/** Maximum number of ranges in the sets of all tabs of a session. Only a client that skips numbers deliberately reaches it. */
const MAX_RANGES = 1_024;

/** Maximum number of missing events of a tab. Only a client that skips numbers deliberately reaches it. */
export const MAX_MISSING = 100_000;

/** A tab of a session: the sequence numbers of its events, kept as long as the session, and its clock. */
export interface Tab {
  received: Intervals;
  rejected: Intervals;
  dropped: Intervals;
  duplicates: number;
  clock: ClientClock;
}

/** A tab without events. */
export const newTab = (): Tab => ({ received: [], rejected: [], dropped: [], duplicates: 0, clock: newClock() });

/**
 * Whether a set takes a range of numbers: it has a part of the range or a number next to it. Otherwise the tabs of the
 * session need space for one more range.
 */
const takes = (set: Intervals, from: number, to: number, tabs: Iterable<Tab>): boolean => {
  if (touches(set, from, to)) return true;
  let ranges = 0;
  for (const { received, rejected, dropped } of tabs) ranges += received.length + rejected.length + dropped.length;
  return ranges < MAX_RANGES;
};

/** Whether a number is so high that more than {@link MAX_MISSING} numbers of the tab would be missing. */
const isTooHigh = (tab: Tab, seq: number): boolean => {
  const { received, rejected, dropped } = tab;
  const skipped = seq - 1 - Math.max(highest(received), highest(rejected), highest(dropped));
  return skipped > 0 && countMissing(tab) + skipped > MAX_MISSING;
};

/**
 * Records a received event. Returns whether it is `new` or a `duplicate`; or, when its number cannot be stored, `full`
 * or `too_high`.
 *
 * @param tabs All tabs of the session. Default: the tab alone.
 */
export const receive = (
  tab: Tab,
  seq: number,
  tabs: Iterable<Tab> = [tab],
): "new" | "duplicate" | "full" | "too_high" => {
  if (insertNext(tab.received, seq)) return "new";
  if (has(tab.received, seq)) {
    tab.duplicates += 1;
    return "duplicate";
  }
  if (!takes(tab.received, seq, seq, tabs)) return "full";
  if (isTooHigh(tab, seq)) return "too_high";
  insert(tab.received, seq);
  return "new";
};

/**
 * Records a rejected event. It counts as neither missing nor received. A number that is too high, or for which there is
 * no space, is ignored.
 *
 * @param tabs As for {@link receive}.
 */
export const reject = (tab: Tab, seq: number, tabs: Iterable<Tab> = [tab]): void => {
  if (takes(tab.rejected, seq, seq, tabs) && !isTooHigh(tab, seq)) insert(tab.rejected, seq);
};

/**
 * Records a range of events that the client dropped. Returns the number of newly reported ones. A range that ends too
 * high, or for which there is no space, is ignored.
 *
 * @param tabs As for {@link receive}.
 */
export const drop = (tab: Tab, { from_seq, to_seq }: Dropped, tabs: Iterable<Tab> = [tab]): number => {
  const before = size(tab.dropped);
  if (takes(tab.dropped, from_seq, to_seq, tabs) && !isTooHigh(tab, to_seq)) insert(tab.dropped, from_seq, to_seq);
  return size(tab.dropped) - before;
};

/**
 * The numbers that the collector does not need again: a copy of a received event is a duplicate, and a copy of a
 * rejected event would be rejected again. A dropped number is not among them, because a copy that still arrives is
 * stored.
 *
 * @returns New ranges, at most {@link MAX_ACKNOWLEDGED_RANGES}, the highest ones.
 */
export const acknowledged = ({ received, rejected }: Tab): Intervals => {
  const settled = rejected.length === 0 ? received : union(received, rejected);
  return settled.slice(-MAX_ACKNOWLEDGED_RANGES).map(([from, to]) => [from, to]);
};

/** All numbers with a known outcome. */
const numbersWithOutcome = ({ received, rejected, dropped }: Tab): Intervals =>
  rejected.length + dropped.length === 0 ? received : union(received, rejected, dropped);

/** The number of sequence numbers below the highest without a known outcome. */
export const countMissing = (tab: Tab): number => {
  const withOutcome = numbersWithOutcome(tab);
  return highest(withOutcome) + 1 - size(withOutcome);
};

/** Counts the events of all tabs by outcome. */
export const countDelivery = (tabs: Iterable<Tab>): DeliveryCounts => {
  const counts: DeliveryCounts = { received: 0, duplicates: 0, rejected: 0, dropped: 0, missing: 0 };
  for (const tab of tabs) {
    counts.received += size(tab.received);
    counts.duplicates += tab.duplicates;
    counts.rejected += size(tab.rejected);
    counts.dropped += size(tab.dropped);
    counts.missing += countMissing(tab);
  }
  return counts;
};
