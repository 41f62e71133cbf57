import type { StateLayouts } from "@tidemark/engine";
import { countDeltas, type Push } from "../entities/push.ts";

/**
 * Pushes of a session that its partition has not confirmed, stored in the row of the session together with its state.
 *
 * A push that may have been sent is sealed: it keeps its number and content until the partition confirms it. Later deltas
 * go into the next push.
 */
export interface PushQueue {
  /** Number of the latest push. */
  latest_n: number;
  /** The partition that the session is bound to. Only the response to its first push can change it. */
  partition: number;
  /** Layouts of the pushes without a field `layouts`. */
  layouts: StateLayouts;
  /** Pushes that may have been sent, in the order of their numbers. */
  sealed: Push[];
  /** The push that collects deltas and was not sent yet. */
  open: Push | null;
}

/**
 * Number of sealed pushes from which {@link nextPushes} seals no more while the partition does not respond. Later deltas then
 * collect in the open push.
 */
const MAX_SEALED = 4;

/** The queue of a new session. */
export const newPushQueue = (partition: number, layouts: StateLayouts): PushQueue => ({
  latest_n: 0,
  partition,
  layouts,
  sealed: [],
  open: null,
});

/** Returns the push that collects deltas until it is sealed, and opens one if needed. */
export const collectingPush = (queue: PushQueue): Push => {
  if (!queue.open) {
    queue.latest_n += 1;
    queue.open = { n: queue.latest_n, deltas: {} };
  }
  return queue.open;
};

const sealOpen = (queue: PushQueue): void => {
  if (queue.open) queue.sealed.push(queue.open);
  queue.open = null;
};

/** Seals all pushes that another instance stored. That instance may have sent any of them, with other layouts. */
export const sealUnconfirmed = (queue: PushQueue, layouts: StateLayouts): void => {
  sealOpen(queue);
  for (const push of queue.sealed) push.layouts ??= queue.layouts;
  queue.layouts = layouts;
};

/** Seals and returns the pushes to send, in order. */
export const nextPushes = (queue: PushQueue): Push[] => {
  if (queue.sealed.length < MAX_SEALED) sealOpen(queue);
  return [...queue.sealed];
};

/**
 * Encodes pushes as JSON for the partition. A push contains its layouts unless they are the same object as those of the
 * previous push.
 */
export const encode = (queue: PushQueue, pushes: readonly Push[]): string => {
  let latest: StateLayouts | undefined;
  const encoded = pushes.map((push) => {
    const { layouts = queue.layouts } = push;
    if (layouts === latest) return push;
    latest = layouts;
    return { ...push, layouts };
  });
  return JSON.stringify(encoded);
};

/** Removes pushes that the partition has confirmed. */
export const confirm = (queue: PushQueue, pushes: readonly Push[]): void => {
  const latest = pushes.at(-1)?.n ?? 0;
  queue.sealed = queue.sealed.filter(({ n }) => n > latest);
};

/** The number of unconfirmed deltas. */
export const unconfirmedDeltas = ({ sealed, open }: PushQueue): number =>
  countDeltas(open ? [...sealed, open] : sealed);
