import { type EntityKey, entityKey, entityOf } from "../entities/push.ts";
import { type HttpError, toHttpError } from "../errors.ts";
import type { Selection } from "../selected.ts";
import { readRows } from "./read-rows.ts";
import type { Vector } from "./read-vector.ts";
import { type Reader, serve } from "./reader.ts";
import { vectorOfRow } from "./rollup-vector.ts";
import { readSession } from "./session-vector.ts";

/** The read of one whole vector, of an entity with features. */
interface WholeRead {
  entity: string;
  id: string;
}

/** The read of one vector. */
interface VectorRead extends WholeRead {
  /** Default: all features. */
  selection?: Selection | undefined;
}

/** The result of a read: the vector, or the error of the read; `undefined` if neither arrived within the deadline. */
export type ReadResult = Vector | HttpError | undefined;

/** Whether a read has a vector. */
export const isVector = (result: ReadResult): result is Vector => result !== undefined && "features" in result;

/**
 * Reads many vectors as `readWholeVector` does, in parallel. It reads an entity once, whatever number of reads is of it.
 *
 * @param deadlineMs Time after which the reads that have not ended have no result, in milliseconds. Default: none.
 * @returns The results in the order of the reads. One failed read does not affect the others.
 */
export const readWholeVectors = async (
  reader: Reader,
  reads: readonly WholeRead[],
  deadlineMs?: number,
): Promise<ReadResult[]> => {
  const { env, tenant } = reader;
  const results = new Map<EntityKey, Vector | HttpError>();
  const settle = (key: EntityKey, vector: () => Vector) => {
    try {
      results.set(key, vector());
    } catch (error) {
      results.set(key, toHttpError(error));
    }
  };
  const fail = (key: EntityKey, error: unknown) => void results.set(key, toHttpError(error));

  const ids = new Map(reads.map(({ entity, id }) => [entityKey(entity, id), id]));
  const keys = [...ids.keys()];
  const idOf = (key: EntityKey): string => ids.get(key) ?? "";
  const sessions = keys.filter((key) => entityOf(key) === "session");
  const reading = Promise.all([
    ...sessions.map((key) =>
      readSession(reader, idOf(key)).then(
        (vector) => void results.set(key, vector),
        (error) => fail(key, error),
      ),
    ),
    readRows(
      env,
      tenant,
      keys.filter((key) => entityOf(key) !== "session"),
      (key, row) => settle(key, () => vectorOfRow(reader, entityOf(key), idOf(key), row)),
      fail,
    ),
  ]);
  await (deadlineMs === undefined ? reading : Promise.race([reading, scheduler.wait(deadlineMs)]));

  return reads.map(({ entity, id }) => results.get(entityKey(entity, id)));
};

/** The selected parts of {@link readWholeVectors}. The log records those whose set says so. */
export const readVectors = async (
  reader: Reader,
  reads: readonly VectorRead[],
  deadlineMs?: number,
): Promise<ReadResult[]> => {
  const results = await readWholeVectors(reader, reads, deadlineMs);
  return results.map((result, index) => (isVector(result) ? serve(reader, result, reads[index]?.selection) : result));
};
