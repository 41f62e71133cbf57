import type { RollupVectorResponse } from "@tidemark/schema";
import { abbreviated } from "../abbreviated.ts";
import { hasExpired } from "../entities/expiry.ts";
import type { EntityRow } from "../entities/merge.ts";
import { HttpError } from "../errors.ts";
import { notFound, type Reader } from "./reader.ts";

/**
 * The vector of the row of a user, page or custom entity at the time of the call.
 *
 * @param row Absent for an entity without one.
 * @throws HttpError `expired` or `not_found`
 */
export const vectorOfRow = (
  reader: Reader,
  entity: string,
  id: string,
  row: EntityRow | undefined,
): RollupVectorResponse => {
  const { definitions, daysToLive } = reader.tenant;
  const engine = definitions.rollups.get(entity)?.engine;
  const event_time = row?.engine.event_time ?? null;
  if (!engine || !row || event_time === null) throw notFound(reader, entity, id);
  const at = Math.max(Date.now(), event_time);
  if (hasExpired(daysToLive, entity, event_time, at))
    throw new HttpError(
      "expired",
      `The ${entity} ${JSON.stringify(abbreviated(id))} has expired: its latest event was ${at - event_time} ms ago.`,
    );
  const { state } = engine.migrate(row.engine);
  const { late, too_late } = state;
  return {
    ...{ entity, id, event_time },
    watermark: engine.watermark(state) ?? event_time,
    age_ms: at - event_time,
    definition_version: definitions.version,
    late,
    too_late,
    features: engine.vector(state, at),
    ...(row.anonymous_ids.length > 0 && { anonymous_ids: row.anonymous_ids }),
  };
};
