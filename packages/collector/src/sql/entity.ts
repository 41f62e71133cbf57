import type { Entity } from "@tidemark/schema";
import type { Dialect } from "./dialect.ts";
import { fieldSql } from "./reading.ts";

/** Longest id of an entity of one's own; longer ones are cut, as live. */
const MAX_ID = 200;

/** An event's id of an entity, as text; NULL when it says nothing about the entity. */
export const entityIdSql = (entity: Entity, dialect: Dialect): string => {
  switch (entity) {
    case "session":
      return dialect.quote("session_id");
    case "user":
      return `COALESCE(${dialect.quote("user_id")}, ${dialect.quote("anonymous_id")})`;
    case "page":
      return fieldSql("view.path", "string", dialect);
    default: {
      const text = fieldSql(entity.field, "string", dialect);
      return `COALESCE(LEFT(${text}, ${MAX_ID}), CAST(${fieldSql(entity.field, "free", dialect)} AS ${dialect.textType}))`;
    }
  }
};
