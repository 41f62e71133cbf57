import type { Entity } from "@tidemark/schema";
import { isPerson, isPersonal } from "@tidemark/schema/entities";
import { fieldReader } from "./field.ts";
import type { Occurrence } from "./occurrence.ts";
import { cut } from "./text.ts";

/** Gives an event's id of an entity; `undefined` when the event says nothing about it. */
export type IdReader = (event: object, occurrence: Occurrence) => string | undefined;

const readId = (entity: Entity): IdReader => {
  switch (entity) {
    case "session":
      return (_, { session_id }) => session_id;
    case "user":
      return (_, { user_id, anonymous_id }) => user_id ?? anonymous_id;
    case "page":
      return (_, { view }) => view?.path;
    default: {
      const read = fieldReader(entity.field);
      return (event, occurrence) => {
        const value = read(event, occurrence);
        return typeof value === "string" || typeof value === "number" ? cut(String(value)) : undefined;
      };
    }
  }
};

/** Compiles an entity into a function that gives an event's id of it. */
export const entityId = (entity: Entity): IdReader => {
  const idOf = readId(entity);
  return isPerson(entity)
    ? (event, occurrence) => (isPersonal(occurrence.consent) ? idOf(event, occurrence) : undefined)
    : idOf;
};
