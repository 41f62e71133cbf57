import { hashOf } from "../engine/hash.ts";
import { countDeltas, type Layouts, type Push } from "../rollup/push.ts";
import { shardOf } from "../rollup/shards.ts";

/**
 * What a session owes to rollups, kept in its row beside the state that it was folded with. A push that may be on its way is
 * sealed: it stays as it is, under its number, until its shard has confirmed it. What is folded meanwhile waits in the next.
 */
export interface Outbox {
  /** Number of the latest push. */
  last_n: number;
  /** The largest depth that a shard has told. */
  depth: number;
  /** Of all its pushes that do not tell their own. */
  layouts: Layouts;
  /** Pushes that a shard may have seen, in the order of their numbers. */
  sealed: Push[];
  /** The push that nobody has seen yet. */
  open: Push | null;
}

/** Most pushes that are sealed while shards do not answer; what is folded then gathers in one more. */
const MAX_SEALED = 4;

/** An outbox with nothing in it. */
export const newOutbox = (layouts: Layouts): Outbox => ({ last_n: 0, depth: 0, layouts, sealed: [], open: null });

/** The push that takes in what is folded now. */
export const openPush = (outbox: Outbox, sessionId: string): Push => {
  if (!outbox.open) {
    outbox.last_n += 1;
    outbox.open = { n: outbox.last_n, shard: shardOf(hashOf(sessionId), outbox.depth), deltas: {} };
  }
  return outbox.open;
};

const sealAll = (outbox: Outbox): void => {
  if (outbox.open) outbox.sealed.push(outbox.open);
  outbox.open = null;
};

/** Makes one's own what another instance kept: nobody knows what it sent, and its layouts may be others. */
export const takeOver = (outbox: Outbox, layouts: Layouts): void => {
  sealAll(outbox);
  // An outbox of an earlier version has none, and its pushes have theirs.
  for (const push of outbox.sealed) push.layouts ??= outbox.layouts ?? {};
  outbox.layouts = layouts;
};

/** The pushes to send now, sealed, in order: those to the first one's shard. */
export const due = (outbox: Outbox): Push[] => {
  if (outbox.sealed.length < MAX_SEALED) sealAll(outbox);
  const { sealed } = outbox;
  const other = sealed.findIndex(({ shard }) => shard !== sealed[0]?.shard);
  return other < 0 ? [...sealed] : sealed.slice(0, other);
};

/** Pushes in JSON, as a shard reads them: each with its layouts, unless they are those of the one before. */
export const tell = (outbox: Outbox, pushes: readonly Push[]): string => {
  let told: Layouts | undefined;
  const telling = pushes.map((push) => {
    const { layouts = outbox.layouts } = push;
    if (layouts === told) return push;
    told = layouts;
    return { ...push, layouts };
  });
  return JSON.stringify(telling);
};

/** Forgets pushes that their shard has confirmed, and notes the depth that it told. */
export const confirm = (outbox: Outbox, pushes: Push[], depth: number): void => {
  const latest = pushes.at(-1)?.n ?? 0;
  outbox.sealed = outbox.sealed.filter(({ n }) => n > latest);
  outbox.depth = Math.max(outbox.depth, depth);
};

/** How many deltas are owed. */
export const owed = ({ sealed, open }: Outbox): number => countDeltas(open ? [...sealed, open] : sealed);
