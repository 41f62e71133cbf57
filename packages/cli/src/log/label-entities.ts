import { toIdSql } from "@tidemark/engine/sql";
import type { Entity } from "@tidemark/schema";
import { isPerson } from "@tidemark/schema/entities";
import type { Database } from "./database.ts";
import { LABELS } from "./labels.ts";

/** The user of an event. `as_of`: the one with which it was captured. `final`: the latest one of its browser in the log. */
export type Identity = "as_of" | "final";

/**
 * Creates the table `rows` with the labels, and what the log knows of their entities. The column
 * `event_time` is the time of the latest event of `entity_id` before the label. The column `label_traffic` is the traffic of
 * all its events before the label. Pages and things have events of all visitors, and so no traffic of their own.
 */
export const addEntities = async (database: Database, entity: Entity, identity: Identity): Promise<void> => {
  const id = toIdSql(entity, "duckdb", { columns: true });
  const isOfVisitor = entity === "session" || isPerson(entity);
  const known = identity === "final" && isPerson(entity);
  await database.run(
    `CREATE TABLE rows AS
     WITH own AS (SELECT labels.*, ${known ? "coalesce(identities.user_id, labels.id)" : "labels.id"} AS entity_id
       FROM ${LABELS} AS labels ${known ? "LEFT JOIN identities ON identities.anonymous_id = labels.id" : ""}),
     history AS (SELECT ${id} AS entity_id, epoch_ms("time") AS event_time, traffic FROM counted_events WHERE ${id} IS NOT NULL),
     marked AS (SELECT entity_id, event_time, max(traffic) OVER (PARTITION BY entity_id ORDER BY event_time) AS traffic FROM history)
     SELECT own.*, marked.event_time, ${isOfVisitor ? "marked.traffic" : "NULL"} AS label_traffic
     FROM own ASOF LEFT JOIN marked ON marked.entity_id = own.entity_id AND marked.event_time < own.as_of`,
  );
};
