import type { PartialState, StateLayouts } from "@tidemark/engine";

/** The key of a user, page or custom entity of a site: `<entity>:<id>`. */
export type EntityKey = `${string}:${string}`;

/** Returns the key of an entity and id. */
export const entityKey = (entity: string, id: string): EntityKey => `${entity}:${id}`;

/** Whether a stored value's key is that of an entity: no other key contains a colon. */
export const isEntityKey = (key: string): key is EntityKey => key.includes(":");

/** Returns the entity of a key. The name of an entity contains no colon. */
export const entityOf = (key: EntityKey): string => key.slice(0, key.indexOf(":"));

/** A partial state of one user, page or custom entity, folded from the events since the previous push. */
export interface Delta extends PartialState {
  /** Number of late events; absent for 0. See `EngineState`. */
  late?: number;
  too_late?: number;
  /** The browsers of an identified user, the latest last. */
  anonymous_ids?: string[];
  /** Whether its events came before those of the receiver's row, as in a rebuild. */
  is_earlier?: true;
}

/**
 * Version of the calls with pushes. A change that a receiver must not ignore adds one. A receiver gets none from a release
 * without versions.
 */
export const PUSH_VERSION = 1;

/** Who sends pushes: a session to its partition, or a partition to a shard. */
export interface Sender {
  id: string;
  /** UTC milliseconds at which the sender began, by the collector's clock. It never changes. */
  began_at: number;
  /** Whether the session has closed, or the sender is a rebuild; absent otherwise, and from an earlier release. */
  is_closed?: true;
}

/** Id of a partition as the sender of pushes to shards. */
export const partitionSender = (partition: number): string => `partition ${partition}`;

/** A position in the journal of a partition: a rebuild has the deltas up to it. */
export interface RebuildPosition {
  partition: number;
  position: number;
}

/** An object that holds entities, whose rows were deleted. */
export interface RebuildTarget {
  /** Number of the shard; `null` for the first partition, which holds the entities of a site with one partition. */
  shard: number | null;
  /** The positions up to which the rows had the deltas of partitions. The object merges later ones by itself. */
  positions: RebuildPosition[];
}

/** The response to the begin of a rebuild. */
export interface RebuildStart {
  /** The sender of the rebuilt states. */
  sender: Sender;
  targets: RebuildTarget[];
}

/** Deltas that a sender sends together, as plain JSON. A sent push never changes, and is repeated to the same receiver. */
export interface Push {
  /** Number of the push. A sender's numbers increase, and its pushes arrive in this order. */
  n: number;
  /** Layouts of the deltas. Default: those of the previous push of the call. */
  layouts?: StateLayouts;
  /** The deltas by key. */
  deltas: Record<EntityKey, Delta>;
}

/** The number of deltas in pushes. */
export const countDeltas = (pushes: readonly Push[]): number =>
  pushes.reduce((total, { deltas }) => total + Object.keys(deltas).length, 0);

/**
 * Returns the JSON of the pushes with a number above `after`, the first of them with its layouts. A session that was
 * unloaded repeats the pushes in its row with its next ones: without this they would fill the journal.
 *
 * @param text The JSON of all pushes.
 */
export const textOfNew = (text: string, pushes: readonly Push[], after: number): string => {
  const first = pushes.findIndex(({ n }) => n > after);
  if (first <= 0) return text;
  const [next, ...others] = pushes.slice(first) as [Push, ...Push[]];
  const layouts = pushes.slice(0, first + 1).findLast((push) => push.layouts)?.layouts;
  return JSON.stringify([{ ...next, ...(layouts && { layouts }) }, ...others]);
};
