import type { PartialState, StateLayouts } from "@tidemark/engine";

/** Names a user, page or other entity of a site: `<entity>:<id>`. */
export type RollupKey = `${string}:${string}`;

/** The key of an entity's id. */
export const rollupKey = (entity: string, id: string): RollupKey => `${entity}:${id}`;

/** The entity of a key. Its name has no colon. */
export const entityOf = (key: RollupKey): string => key.slice(0, key.indexOf(":"));

/** A session's partial state of one user, page or other entity, folded from the events since the previous push. */
export interface Delta extends PartialState {
  /** Number of late events; absent for none. See `EngineState`. */
  late?: number;
  too_late?: number;
  /** The browser of an identified user. */
  anonymous_id?: string;
}

/** Deltas that a session sends together, as plain JSON. Once sent, a push never changes and is repeated to the same shard only. */
export interface Push {
  /** Number of the push in its session. Pushes arrive in this order. */
  n: number;
  shard: number;
  /** Layouts of the deltas. Default: those of the previous push, or of the queue that holds it. */
  layouts?: StateLayouts;
  /** The deltas by the keys of their entities; the user's delta comes first, if there is one. */
  deltas: Record<RollupKey, Delta>;
}

/** The number of deltas in pushes. */
export const countDeltas = (pushes: readonly Push[]): number =>
  pushes.reduce((total, { deltas }) => total + Object.keys(deltas).length, 0);
