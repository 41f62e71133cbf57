import { compileFeatures, type EntityKey, foldSessions } from "@tidemark/collector/rebuild";
import { type Engine, type EngineState, entityEngine, type LoggedEvent, replay } from "@tidemark/engine";
import { toIdSql } from "@tidemark/engine/sql";
import type { Entity, Feature, FeatureValue } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { type Database, literal } from "./database.ts";
import { eventsBySession } from "./events-by-session.ts";
import { eventsSql } from "./query-views.ts";

/** The entity whose vector is computed, and the moment. */
export interface EntityMoment {
  entity: Entity;
  id: string;
  /** UTC milliseconds. Events that the collector received later do not count. */
  at: number;
}

/** The features of an entity at a moment of the past. */
export interface PastVector {
  event_time: number;
  watermark: number;
  late: number;
  too_late: number;
  features: Record<string, FeatureValue>;
  /** Number of the entity's sessions of which the log does not have the first records. */
  incomplete: number;
}

/** The view of the events that the vector depends on. */
const EVENTS = "as_of_events";

/** Creates the view {@link EVENTS}: all events by the moment of the sessions that have an event of the entity. */
const createEvents = async (database: Database, { entity, id, at }: EntityMoment): Promise<void> => {
  const received = `received_at <= make_timestamp(${at * 1000})`;
  const own = `SELECT session_id FROM (${eventsSql({})}) WHERE ${received} AND ${toIdSql(entity, "duckdb", { columns: true })} = ${literal(id)}`;
  await database.run(`CREATE VIEW ${EVENTS} AS SELECT * FROM log_events WHERE ${received} AND session_id IN (${own})`);
};

/** Number of states in memory from which those of other entities are removed. */
const MAX_STATES = 20_000;

const foldRollup = async (
  events: AsyncIterable<LoggedEvent>,
  features: readonly Feature[],
  engine: Engine,
  key: EntityKey,
): Promise<EngineState> => {
  const folded = foldSessions(compileFeatures(features));
  const state = engine.emptyState();
  const take = () => {
    for (const [each, { anonymous_ids: _, is_earlier: __, ...delta }] of folded.take())
      if (each === key) engine.mergeInto(state, { ...engine.layout, late: 0, too_late: 0, ...delta });
  };
  for await (const event of events) {
    folded.add(event);
    if (folded.size > MAX_STATES) take();
  }
  take();
  return state;
};

const foldSession = async (events: AsyncIterable<LoggedEvent>, features: readonly Feature[]) => {
  const all: LoggedEvent[] = [];
  for await (const event of events) all.push(event);
  return replay(all, features)[0]?.state;
};

/**
 * Computes the vector of an entity as a read at a moment of the past served it. The events that the collector had
 * received by then count, and they are folded as it folds them.
 *
 * @param features The features of the entity, by today's definitions.
 * @returns `undefined` for an entity without an event by then.
 */
export const vectorAsOf = async (
  database: Database,
  features: readonly Feature[],
  moment: EntityMoment,
): Promise<PastVector | undefined> => {
  const { entity, id, at } = moment;
  const name = entityNameOf({ entity });
  const { engine } = entityEngine(entity, features);
  await createEvents(database, moment);
  const events = (async function* () {
    for await (const { event } of eventsBySession(database, features, EVENTS)) yield event;
  })();
  const state =
    name === "session"
      ? await foldSession(events, features)
      : await foldRollup(events, features, engine, `${name}:${id}`);
  if (!state || state.event_time === null) return undefined;
  const { event_time, late, too_late } = state;
  const [count] = await database.all(
    `SELECT count(*) AS sessions FROM (SELECT session_id FROM ${EVENTS} GROUP BY session_id HAVING min(arrival) <> 1)`,
  );
  return {
    ...{ event_time, watermark: engine.watermark(state) ?? event_time, late, too_late },
    features: engine.vector(state, Math.max(at, event_time)),
    incomplete: Number(count?.sessions),
  };
};
