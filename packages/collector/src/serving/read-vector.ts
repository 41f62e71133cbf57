import type { RollupVectorResponse, SessionVectorResponse } from "@tidemark/schema";
import { entityKey } from "../entities/push.ts";
import type { Selection } from "../selected.ts";
import { expectEntity } from "./expect-entity.ts";
import { readRow } from "./read-rows.ts";
import { type Reader, serve } from "./reader.ts";
import { vectorOfRow } from "./rollup-vector.ts";
import { readSession } from "./session-vector.ts";

/** The vector of any entity. */
export type Vector = SessionVectorResponse | RollupVectorResponse;

/** The vector of an entity with all features, which the log does not record. @throws HttpError as {@link readVector} */
export const readWholeVector = async (reader: Reader, entity: string, id: string): Promise<Vector> => {
  if (entity === "session") return readSession(reader, id);
  const { env, tenant } = reader;
  expectEntity(tenant, entity);
  return vectorOfRow(reader, entity, id, await readRow(env, tenant, entityKey(entity, id)));
};

/**
 * The vector of a session, user, page or custom entity at the time of the call. A session's includes every acknowledged
 * event; any other, those of confirmed pushes. The log records it if its set says so.
 *
 * @param selection Default: all features.
 * @throws HttpError `not_found` for an unknown entity or id. It is the error for a wrong secret too, so that it does not
 * show which sessions exist.
 * @throws HttpError `expired` for an expired entity until it is deleted; `foreign_session`; or `unavailable`.
 */
export const readVector = async (reader: Reader, entity: string, id: string, selection?: Selection): Promise<Vector> =>
  serve(reader, await readWholeVector(reader, entity, id), selection);
