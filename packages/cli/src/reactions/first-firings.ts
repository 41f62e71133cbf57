import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { ReactionPayload } from "@tidemark/schema/log";
import { CommandError } from "../command-line/command-error.ts";
import { type Database, literal } from "../log/database.ts";
import { LABELS } from "../log/labels.ts";
import { inRange } from "../log/log-views.ts";
import type { TimeRange } from "../log/time-range.ts";

/** The table of the steps of reactions in the log, with a row for each record. */
export const STEPS = "reaction_steps";

/** The fields of a record of a reaction that a report reads, with their types in DuckDB. */
const FIELDS = {
  reaction: "VARCHAR",
  reaction_id: "VARCHAR",
  step: "VARCHAR",
  id: "VARCHAR",
  arm: "VARCHAR",
  time: "BIGINT",
  holdout: "DOUBLE",
  event_time: "BIGINT",
} satisfies Partial<Record<keyof ReactionPayload, string>>;

/**
 * Creates the table {@link STEPS}.
 *
 * @param reaction The only reaction whose steps are read. Default: all.
 * @throws CommandError without a step, with the names of the reactions that the log has.
 */
export const readSteps = async (database: Database, reaction: string | undefined): Promise<void> => {
  const columns = Object.keys(FIELDS).map((name) => `record.${name}`);
  const isNamed = reaction === undefined ? "TRUE" : `record.reaction = ${literal(reaction)}`;
  await database.run(
    `CREATE TABLE ${STEPS} AS SELECT row_number() OVER (ORDER BY received_at, partition, "offset") AS number, ${columns.join(", ")}
     FROM (SELECT partition, "offset", received_at, json_transform(payload, ${literal(JSON.stringify(FIELDS))}) AS record
       FROM log_records WHERE kind = 'reaction') WHERE ${isNamed}`,
  );
  const [first] = await database.all(`SELECT number FROM ${STEPS} LIMIT 1`);
  if (first) return;
  const known = await database.all(
    "SELECT DISTINCT payload ->> 'reaction' AS reaction FROM log_records WHERE kind = 'reaction' ORDER BY reaction",
  );
  const names = known.map((row) => row.reaction).join(", ");
  throw new CommandError(
    names === ""
      ? "The log has no reactions."
      : `The log has no reactions of the name ${reaction}; it has those of ${names}.`,
  );
};

/** Options of {@link chooseFirings}. */
export interface FiringOptions {
  /** Period of the firings. */
  range: TimeRange;
  /** Time in which the outcome counts, from the firing on, in milliseconds. */
  horizon_ms: number;
  /** End of the log, in UTC milliseconds: no later event is known. */
  end: number;
}

/**
 * Chooses the firings that are compared, into the table of labels: the first one of each reaction in each session of the
 * log, if it is in the period. The session belongs to the arm of this firing, whatever reached the page later.
 *
 * The period of the outcome begins after the latest event that the condition knew, `as_of`, and ends `horizon_ms` after the
 * firing, `until`. A firing `is_complete` if it is before the first one of the same reaction whose period goes on at the end
 * of the log. So completeness depends on the time of a firing alone: a reaction that makes sessions longer cannot leave out
 * those of one arm. A period also ends with its session. The view `counted_events` has the events.
 */
export const chooseFirings = async (database: Database, { range, horizon_ms, end }: FiringOptions): Promise<void> => {
  await database.run(
    `CREATE TABLE ${LABELS} AS
     WITH firsts AS (
       SELECT number AS label_row, reaction, reaction_id, id, arm, holdout, time, coalesce(event_time, time - 1) + 1 AS as_of,
         time + ${horizon_ms} AS until
       FROM ${STEPS} WHERE step = 'fired' QUALIFY row_number() OVER (PARTITION BY reaction, id ORDER BY time, number) = 1),
     visits AS (SELECT session_id AS id, max(epoch_ms("time")) AS last_time FROM counted_events GROUP BY session_id),
     known AS (SELECT firsts.*, until > ${end} AND coalesce(last_time, time) + ${SESSION_IDLE_MS} > ${end} AS goes_on
       FROM firsts LEFT JOIN visits USING (id))
     SELECT * EXCLUDE (goes_on),
       coalesce(time < min(time) FILTER (WHERE goes_on) OVER (PARTITION BY reaction), TRUE) AS is_complete
     FROM known QUALIFY ${inRange("make_timestamp(time * 1000)", range)}`,
  );
};
