import type { Folded, Layouts } from "@tidemark/engine";

/** Names a user, page or other entity of a site: `<entity>:<id>`. */
export type RollupKey = `${string}:${string}`;

/** The key of an entity's id. */
export const rollupKey = (entity: string, id: string): RollupKey => `${entity}:${id}`;

/** The entity of a key. Its name has no colon. */
export const entityOf = (key: RollupKey): string => key.slice(0, key.indexOf(":"));

/** What a session folded of one user, page or other entity since it last told. */
export interface Delta extends Folded {
  /** Events that came late, when there were any; see `EngineState`. */
  late?: number;
  too_late?: number;
  /** For an identified user: the browser in which it was. */
  anonymous_id?: string;
}

/** What a session tells at once: plain JSON. Once it is on its way it does not change any more, and goes to the same shard for ever. */
export interface Push {
  /** Its number in the session; they arrive in the order of their numbers. */
  n: number;
  shard: number;
  /** Of its deltas; not given when they are those of the push before it, or of the session that keeps it. */
  layouts?: Layouts;
  /** The user's comes first, when it is about one. */
  deltas: Record<RollupKey, Delta>;
}

/** How many deltas pushes hold. */
export const countDeltas = (pushes: readonly Push[]): number =>
  pushes.reduce((total, { deltas }) => total + Object.keys(deltas).length, 0);
