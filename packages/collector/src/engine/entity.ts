import type { Entity } from "@tidemark/schema";
import { isPerson } from "@tidemark/schema/derivation";
import type { EngineEvent } from "./engine.ts";
import { fieldReader } from "./field.ts";
import { isPersonal } from "./personal.ts";

/** Longest id of an entity of one's own; longer ones are cut. */
const MAX_ID = 200;

const readId = (entity: Entity): ((event: EngineEvent) => string | undefined) => {
  switch (entity) {
    case "session":
      return ({ session_id }) => session_id;
    case "user":
      return ({ user_id, anonymous_id }) => user_id ?? anonymous_id;
    case "page":
      return ({ view }) => view?.path;
    default: {
      const read = fieldReader(entity.field);
      return (event) => {
        const value = read(event);
        return typeof value === "string" || typeof value === "number" ? String(value).slice(0, MAX_ID) : undefined;
      };
    }
  }
};

/** Compiles an entity into a function that gives an event's id of it; `undefined` when the event says nothing about it. */
export const entityId = (entity: Entity): ((event: EngineEvent) => string | undefined) => {
  const idOf = readId(entity);
  return isPerson(entity) ? (event) => (isPersonal(event.consent) ? idOf(event) : undefined) : idOf;
};
