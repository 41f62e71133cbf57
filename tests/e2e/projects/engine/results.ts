import { asOf, createEngine, type LoggedEvent, replay } from "@tidemark/engine";
import { toSql } from "@tidemark/engine/sql";
import { defaultFeatures, sessionFeatures, userFeatures } from "@tidemark/schema";
import log from "./log.json" with { type: "json" };

const events = log as unknown as LoggedEvent[];
const clicksPerUser = userFeatures.filter(({ name }) => name === "clicks_last_minute");

/** The results of the engine for a log: live, replayed, as of the time of every tenth event, and as SQL. */
export const results = () => {
  const engine = createEngine(sessionFeatures);
  const state = engine.emptyState();
  for (const event of events) engine.fold(state, event, event);
  const spine = events
    .filter((_, index) => index % 10 === 0)
    .flatMap(({ time, session_id, anonymous_id }) => [
      { entity: "session", id: session_id, as_of: time },
      { entity: "user", id: anonymous_id, as_of: time },
    ]);
  return {
    live: engine.vector(state, Number(state.event_time) + 60_000),
    replayed: replay(events, defaultFeatures).map(({ entity, id, features }) => ({ entity, id, features })),
    asOf: asOf(events, defaultFeatures, spine),
    sql: [toSql(defaultFeatures, "duckdb"), toSql(defaultFeatures, "spark"), toSql(clicksPerUser, "flink")],
  };
};
