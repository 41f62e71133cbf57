import type { Entity } from "@tidemark/schema";
import { isPerson } from "@tidemark/schema/entities";
import { MAX_ID_CHARACTERS } from "../limits.ts";
import type { Dialect } from "./dialect.ts";
import { fieldSql } from "./field-columns.ts";

const idSql = (entity: Entity, dialect: Dialect): string => {
  switch (entity) {
    case "session":
      return dialect.quote("session_id");
    case "user":
      return `COALESCE(${dialect.quote("user_id")}, ${dialect.quote("anonymous_id")})`;
    case "page":
      return `NULLIF(${fieldSql("view.path", "string", dialect)}, '')`;
    default: {
      const text = fieldSql(entity.field, "string", dialect);
      const number = `CAST(${fieldSql(entity.field, "free", dialect)} AS ${dialect.textType})`;
      return `NULLIF(CASE WHEN ${text} IS NULL THEN ${number} WHEN CHAR_LENGTH(${text}) <= ${MAX_ID_CHARACTERS} THEN ${text} END, '')`;
    }
  }
};

/** The id of the entity that an event counts for, as text; NULL when it counts for none. */
export const entityIdSql = (entity: Entity, dialect: Dialect): string => {
  const id = idSql(entity, dialect);
  if (!isPerson(entity)) return id;
  return `CASE WHEN COALESCE(${fieldSql("consent.personalisation", "string", dialect)}, 'granted') = 'granted' THEN ${id} END`;
};
