import type { EntityStore } from "./entity-store.ts";
import type { Place } from "./last-seen.ts";
import { type ActiveSender, isSenderPosition } from "./ledger.ts";
import { entityKey } from "./push.ts";

/** Largest number of entities that one page lists. */
export const ACTIVE_PAGE = 1_000;

/** Some active entities or sessions of one object. */
export interface ActiveList {
  /** Their times are those of their latest events; of a session, of the arrival of its latest push. */
  active: ActiveSender[];
  /** Position after them; absent at the end of the list. */
  next?: string;
}

const POSITION = /^(\d{1,15})\.(.*)$/s;

const placeAt = (position: string): Place => {
  const [, n = 0, key = ""] = POSITION.exec(position) ?? [];
  return { n: Number(n), key };
};

/** Whether a text can be a position in the list of an entity or of sessions: {@link ActiveList.next}. */
export const isPosition = (entity: string, text: string): boolean => {
  if (entity === "session") return isSenderPosition(text);
  const { key } = placeAt(text);
  return POSITION.test(text) && (key === "" || key.startsWith(entityKey(entity, "")));
};

/** The next entities of a store with an event since a time, after a position. Default: the first ones. */
export const activeEntities = (
  store: EntityStore,
  entity: string,
  since: number,
  after: string,
  limit: number,
): ActiveList => {
  const { entities, next } = store.activeSince(entity, since, placeAt(after), limit);
  const prefix = entityKey(entity, "").length;
  return {
    active: entities.map(([key, at]) => ({ id: key.slice(prefix), at })),
    ...(next && { next: `${next.n}.${next.key}` }),
  };
};
