import { z } from "zod";

/** The argument that names an entity. */
export const entity = z
  .string()
  .min(1)
  .describe("Kind of entity: session, user, page, or a custom one that list_feature_sets names.");

/** The argument that names one of the entities of a kind. */
export const id = z
  .string()
  .min(1)
  .describe("Id of the entity: of a session <site>.<id>, of a user the user id or anonymous id, of a page its path.");
