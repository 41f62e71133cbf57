import type { Entity } from "@tidemark/schema";
import { isPerson } from "@tidemark/schema/derivation";
import type { EngineEvent } from "./engine.ts";
import { fieldReader } from "./field.ts";
import { isPersonal } from "./personal.ts";
import { cut } from "./text.ts";

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
        return typeof value === "string" || typeof value === "number" ? cut(String(value)) : undefined;
      };
    }
  }
};

/** Compiles an entity into a function that gives an event's id of it; `undefined` when the event says nothing about it. */
export const entityId = (entity: Entity): ((event: EngineEvent) => string | undefined) => {
  const idOf = readId(entity);
  return isPerson(entity) ? (event) => (isPersonal(event.consent) ? idOf(event) : undefined) : idOf;
};
