import type { Event } from "@tidemark/schema";
import { MAX_SEQ } from "@tidemark/schema/limits";

/** The sequence number of an event that may violate the contract otherwise. */
export const seqOf = (candidate: unknown): number | undefined => {
  const seq = (candidate as { seq?: unknown } | null)?.seq;
  return Number.isSafeInteger(seq) && (seq as number) >= 0 && (seq as number) <= MAX_SEQ ? (seq as number) : undefined;
};

/** Sorts positions of events by sequence number. Events mostly arrive in this order. */
export const sortBySeq = (events: unknown[], positions: number[]): number[] => {
  const seqAt = (position: number) => (events[position] as Event).seq;
  const areInOrder = positions.every(
    (each, place) => place === 0 || seqAt(positions[place - 1] as number) < seqAt(each),
  );
  return areInOrder ? positions : positions.toSorted((one, other) => seqAt(one) - seqAt(other));
};
