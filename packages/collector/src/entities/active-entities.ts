import type { EntityStore } from "./entity-store.ts";
import { entityKey } from "./push.ts";

/** An entity or session of one object. */
export interface ActiveEntity {
  id: string;
  /** Time of its latest event; of a session, of the arrival of its latest push. In UTC milliseconds. */
  at: number;
  /** Continues the list of the object after it. */
  position: string;
}

/** Largest number of entities that one call lists. */
export const ACTIVE_PAGE = 1_000;

/** The first entities of a store with an event since a time, by id, after a position. */
export const activeEntities = (store: EntityStore, entity: string, since: number, after: string): ActiveEntity[] => {
  const prefix = entityKey(entity, "").length;
  return store
    .activeSince(entity, since, after, ACTIVE_PAGE)
    .map(([key, at]) => ({ id: key.slice(prefix), at, position: key }));
};
