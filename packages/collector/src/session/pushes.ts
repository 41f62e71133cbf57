import { hashOf, type StateLayouts } from "@tidemark/engine";
import { countDeltas, type Push } from "../rollup/push.ts";
import { shardOf } from "../rollup/shards.ts";

/**
 * Pushes of a session that no shard has confirmed, stored in the row of the session together with its state.
 *
 * A push that may have been sent is sealed: it keeps its number and content until its shard confirms it. Later deltas
 * go into the next push.
 */
export interface PushQueue {
  /** Number of the latest push. */
  latest_n: number;
  /** How often the sessions were divided among twice as many shards: the largest depth that a shard has reported. */
  depth: number;
  /** Layouts of the pushes without a field `layouts`. */
  layouts: StateLayouts;
  /** Pushes that may have been sent, in the order of their numbers. */
  sealed: Push[];
  /** The push that collects deltas and was not sent yet. */
  open: Push | null;
}

/**
 * Number of sealed pushes from which {@link nextPushes} seals no more while shards do not respond. Later deltas then
 * collect in the open push.
 */
const MAX_SEALED = 4;

/** The queue of a new session. */
export const newPushQueue = (layouts: StateLayouts): PushQueue => ({
  latest_n: 0,
  depth: 0,
  layouts,
  sealed: [],
  open: null,
});

/** Returns the push that collects deltas until it is sealed, and opens one if needed. */
export const collectingPush = (queue: PushQueue, sessionId: string): Push => {
  if (!queue.open) {
    queue.latest_n += 1;
    queue.open = { n: queue.latest_n, shard: shardOf(hashOf(sessionId), queue.depth), deltas: {} };
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
  // The queue of an earlier version has no layouts: its pushes have them.
  for (const push of queue.sealed) push.layouts ??= queue.layouts ?? {};
  queue.layouts = layouts;
};

/** Seals and returns the next pushes to send, in order: all leading ones to the same shard. */
export const nextPushes = (queue: PushQueue): Push[] => {
  if (queue.sealed.length < MAX_SEALED) sealOpen(queue);
  const { sealed } = queue;
  const other = sealed.findIndex(({ shard }) => shard !== sealed[0]?.shard);
  return other < 0 ? [...sealed] : sealed.slice(0, other);
};

/**
 * Encodes pushes as JSON for a shard. A push contains its layouts unless they are the same object as those of the
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

/** Removes pushes that their shard has confirmed, and records the depth that it reported. */
export const confirm = (queue: PushQueue, pushes: readonly Push[], depth: number): void => {
  const latest = pushes.at(-1)?.n ?? 0;
  queue.sealed = queue.sealed.filter(({ n }) => n > latest);
  queue.depth = Math.max(queue.depth, depth);
};

/** The number of unconfirmed deltas. */
export const unconfirmedDeltas = ({ sealed, open }: PushQueue): number =>
  countDeltas(open ? [...sealed, open] : sealed);
