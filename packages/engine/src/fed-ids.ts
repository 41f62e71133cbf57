import { hashOf } from "./hash.ts";

/** Largest number of users that one session feeds: a visitor before and after identification, and some others. */
const MAX_USERS = 8;

/** Largest number of pages that one session feeds, and of ids of each custom entity. */
const MAX_IDS = 200;

/** The 32-bit hashes of the ids that a session feeds, by entity, in the order of arrival of their first events. */
export type FedIds = Record<string, number[]>;

/**
 * Whether the events of a session with this id of an entity count for the entity. They do for the first ids of the
 * session: otherwise one session could create any number of entities. Records a new id.
 */
export const feeds = (fed: FedIds, entity: string, id: string): boolean => {
  if (entity === "session") return true;
  const hashes = Object.hasOwn(fed, entity) ? (fed[entity] as number[]) : [];
  const hash = hashOf(id) % 2 ** 32;
  if (hashes.includes(hash)) return true;
  if (hashes.length >= (entity === "user" ? MAX_USERS : MAX_IDS)) return false;
  fed[entity] = [...hashes, hash];
  return true;
};
