import type { PartialState, StateLayouts } from "@tidemark/engine";

/** The key of a user, page or custom entity of a site: `<entity>:<id>`. */
export type RollupKey = `${string}:${string}`;

/** Returns the key of an entity and id. */
export const rollupKey = (entity: string, id: string): RollupKey => `${entity}:${id}`;

/** Returns the entity of a key. The name of an entity contains no colon. */
export const entityOf = (key: RollupKey): string => key.slice(0, key.indexOf(":"));

/** A session's partial state of one user, page or custom entity, folded from the events since the previous push. */
export interface Delta extends PartialState {
  /** Number of late events; absent for 0. See `EngineState`. */
  late?: number;
  too_late?: number;
  /** The browser of an identified user. */
  anonymous_id?: string;
}

/**
 * Deltas that a session sends together, as plain JSON. A sent push never changes, and is repeated to the same shard
 * only.
 */
export interface Push {
  /** Number of the push in its session, from 1. Pushes arrive in this order. */
  n: number;
  shard: number;
  /** Layouts of the deltas. Default: those of the previous push, or of the queue that contains it. */
  layouts?: StateLayouts;
  /** The deltas by key. The user's delta is the first, if present. */
  deltas: Record<RollupKey, Delta>;
}

/** The number of deltas in pushes. */
export const countDeltas = (pushes: readonly Push[]): number =>
  pushes.reduce((total, { deltas }) => total + Object.keys(deltas).length, 0);
