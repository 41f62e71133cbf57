import type { Entity } from "@tidemark/schema";
import { isPerson, isPersonal } from "@tidemark/schema/entities";
import type { EventContext } from "./event-context.ts";
import { fieldReader } from "./field.ts";
import { MAX_ID_CHARACTERS } from "./limits.ts";
import { hasAtMost } from "./text.ts";

/** Returns the id of the entity that an event counts for; `undefined` when it counts for none. */
export type IdReader = (event: object, context: EventContext) => string | undefined;

/**
 * Returns a text of a sender if it can be an id. An empty text would make unrelated events one entity, and neither SQL
 * nor a URL can hold half of a surrogate pair.
 */
const idIn = (text: string): string | undefined => (text === "" || /\p{Surrogate}/u.test(text) ? undefined : text);

const readId = (entity: Entity): IdReader => {
  switch (entity) {
    case "session":
      return (_, { session_id }) => session_id;
    case "user":
      return (_, { user_id, anonymous_id }) => user_id ?? anonymous_id;
    case "page":
      return (_, { view }) => (view?.path === undefined ? undefined : idIn(view.path));
    default: {
      const read = fieldReader(entity.field);
      return (event, context) => {
        const value = read(event, context);
        if (typeof value === "number") return String(value);
        return typeof value === "string" && hasAtMost(value, MAX_ID_CHARACTERS) ? idIn(value) : undefined;
      };
    }
  }
};

/** Compiles an entity to a function that reads its id from an event. */
export const entityId = (entity: Entity): IdReader => {
  const idOf = readId(entity);
  return isPerson(entity) ? (event, context) => (isPersonal(context.consent) ? idOf(event, context) : undefined) : idOf;
};
