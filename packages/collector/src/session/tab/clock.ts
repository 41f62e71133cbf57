import { MAX_EVENT_AGE_MS } from "@tidemark/schema/limits";
import { latestIn, place, type Timeline } from "./timeline.ts";

/** Maximum time of a batch on its way, in milliseconds. A longer one is an error of the client's clock. */
const MAX_TRANSIT_MS = 60_000;

/** How far a clock that counts as right may be ahead, or be set back from one page to the next, in milliseconds. */
const MAX_ERROR_MS = 1_000;

/** Maximum number of stored shifts. The oldest are removed first. */
const MAX_SHIFTS = 8;

/** A tab's clock: its shifts, and the corrected times of its events. */
export interface ClientClock {
  shifts: Shift[];
  timeline: Timeline;
}

/** The milliseconds that are added to the client's times, from a sequence number on. */
type Shift = [fromSeq: number, ms: number];

/** A clock without events. */
export const newClock = (): ClientClock => ({ shifts: [], timeline: [] });

/**
 * Chooses the shift of a batch. The offset is the error of the clock plus the time on the way. An offset that the
 * network can explain is no reason for another shift, so that intervals stay those of the client.
 *
 * - The current shift, or none, or the offset: the first one that the network can explain and that keeps the order.
 * - Otherwise the current shift, if it is too large by at most the longest time on the way. The batch that chose it was
 *   slow, and a pause of the visitor allows a smaller one.
 * - Otherwise the offset.
 *
 * @param offset The time of receipt by the collector's clock minus the time of sending by the client's.
 * @param isInOrder Whether a shift moves the first new event of the batch before no earlier one.
 */
const chooseShift = (current = 0, offset: number, isInOrder: (shift: number) => boolean): number => {
  const isPossible = (shift: number) => shift - offset <= MAX_ERROR_MS && offset - shift <= MAX_TRANSIT_MS;
  if (isPossible(current) && isInOrder(current + MAX_ERROR_MS)) return current;
  const other = [0, offset].find((each) => isPossible(each) && isInOrder(each));
  return other ?? (Math.abs(offset - current) <= MAX_TRANSIT_MS + MAX_ERROR_MS ? current : offset);
};

/** The shift of a sequence number. */
const shiftOf = (shifts: readonly Shift[], seq: number): number => {
  let position = shifts.length - 1;
  while (position > 0 && (shifts[position] as Shift)[0] > seq) position -= 1;
  return shifts[position]?.[1] ?? 0;
};

/**
 * Creates the correction of a batch: a function that returns the time of an event by the collector's clock, and records
 * it. Call it once for each new event, in the order of `seq`.
 *
 * It never changes the order of the tab's events, which is that of their numbers. The first event with a higher number
 * than all before decides about the shift; an event in a gap has the shift of the events before it.
 *
 * @param sentAt Time of sending by the client's clock, in UTC milliseconds.
 * @param receivedAt Time of receipt by the collector's clock, in UTC milliseconds.
 */
export const createCorrection = (
  { shifts, timeline }: ClientClock,
  sentAt: number,
  receivedAt: number,
): ((seq: number, time: number) => number) => {
  let isChosen = false;
  const choose = (seq: number, time: number): void => {
    const latest = latestIn(timeline);
    if (isChosen || seq <= (latest?.seq ?? -1)) return;
    isChosen = true;
    const current = shifts.at(-1)?.[1];
    const shift = chooseShift(current, receivedAt - sentAt, (each) => !latest || time + each >= latest.time);
    if (shift === current) return;
    shifts.push([seq, shift]);
    if (shifts.length > MAX_SHIFTS) shifts.shift();
  };
  return (seq, time) => {
    choose(seq, time);
    const shift = shiftOf(shifts, seq);
    const earliest = receivedAt - MAX_EVENT_AGE_MS - MAX_TRANSIT_MS;
    const latest = Math.max(receivedAt, sentAt + shift);
    return place(timeline, seq, Math.min(latest, Math.max(earliest, time + shift)));
  };
};
