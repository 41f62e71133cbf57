import { hashOf, type StateLayouts } from "@tidemark/engine";
import { countDeltas, type Push } from "../rollup/push.ts";
import { shardOf } from "../rollup/shards.ts";

/**
 * Pushes of a session that rollups have not confirmed, kept in its row beside the state that they were folded with. A push that
 * may be on its way is sealed: it stays as it is, under its number, until its shard has confirmed it. Later deltas go into the next.
 */
export interface PushQueue {
  /** Number of the latest push. */
  last_n: number;
  /** The largest depth that a shard has reported. */
  depth: number;
  /** Layouts of all pushes that do not have their own. */
  layouts: StateLayouts;
  /** Pushes that a shard may have seen, in the order of their numbers. */
  sealed: Push[];
  /** The push that no shard has seen yet. */
  open: Push | null;
}

/** Most pushes that are sealed while shards do not answer; later deltas then gather in one more. */
const MAX_SEALED = 4;

/** The queue of a session that has folded nothing. */
export const newPushQueue = (layouts: StateLayouts): PushQueue => ({
  last_n: 0,
  depth: 0,
  layouts,
  sealed: [],
  open: null,
});

/** The push that takes the deltas of the current batch. */
export const openPush = (queue: PushQueue, sessionId: string): Push => {
  if (!queue.open) {
    queue.last_n += 1;
    queue.open = { n: queue.last_n, shard: shardOf(hashOf(sessionId), queue.depth), deltas: {} };
  }
  return queue.open;
};

const sealOpen = (queue: PushQueue): void => {
  if (queue.open) queue.sealed.push(queue.open);
  queue.open = null;
};

/** Seals all pushes that another instance stored: it may have sent any of them, and its layouts may differ. */
export const sealUnconfirmed = (queue: PushQueue, layouts: StateLayouts): void => {
  sealOpen(queue);
  // A queue of an earlier version has no layouts, and its pushes have theirs.
  for (const push of queue.sealed) push.layouts ??= queue.layouts ?? {};
  queue.layouts = layouts;
};

/** The pushes to send now, sealed, in order: those to the first one's shard. */
export const nextPushes = (queue: PushQueue): Push[] => {
  if (queue.sealed.length < MAX_SEALED) sealOpen(queue);
  const { sealed } = queue;
  const other = sealed.findIndex(({ shard }) => shard !== sealed[0]?.shard);
  return other < 0 ? [...sealed] : sealed.slice(0, other);
};

/** Pushes in JSON, as a shard reads them: each with its layouts, unless they are those of the one before. */
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

/** Removes pushes that their shard has confirmed, and notes the depth that it reported. */
export const confirm = (queue: PushQueue, pushes: readonly Push[], depth: number): void => {
  const latest = pushes.at(-1)?.n ?? 0;
  queue.sealed = queue.sealed.filter(({ n }) => n > latest);
  queue.depth = Math.max(queue.depth, depth);
};

/** How many deltas are not confirmed. */
export const pendingDeltas = ({ sealed, open }: PushQueue): number => countDeltas(open ? [...sealed, open] : sealed);
