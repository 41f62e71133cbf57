import type { Goal } from "@tidemark/schema";
import { type Database, literal } from "../log/database.ts";
import { createGoalOutcomes } from "../log/goal-outcomes.ts";
import { addEntities } from "../log/label-entities.ts";
import { chooseFirings, type FiringOptions } from "./first-firings.ts";
import type { Proportion } from "./wilson.ts";

/** The table of the sessions that are compared, by reaction, with the outcome of each or the `reason` for which it is in no arm. */
export const COMPARED = "compared";

/** Options of {@link compareSessions}. */
export interface ComparisonOptions extends FiringOptions {
  /** The outcome: whether one of its events follows the firing. */
  goal: Goal;
  /** Whether sessions of tests and the site's own people count. */
  keepsTraffic: boolean;
}

/** The sessions of both arms of a reaction. */
export interface ComparedSessions {
  reaction: string;
  treatment: Proportion;
  holdout: Proportion;
  /** The declared share of the holdout in the latest firing. */
  share: number;
  /** The declared shares of the holdout, each once. */
  shares: number[];
  /** Sessions that are in no arm: the period of the outcome goes on, or they are of tests or the site's own people. */
  left_out: { incomplete: number; test: number; internal: number };
}

/**
 * Creates the table {@link COMPARED}: all sessions of an arm, whether the reaction reached the page or not. The sessions in
 * which it did are not comparable with those of the holdout.
 */
export const compareSessions = async (database: Database, options: ComparisonOptions): Promise<void> => {
  await chooseFirings(database, options);
  await addEntities(database, "session", "as_of");
  await createGoalOutcomes(database, {
    ...{ goal: options.goal, entity: "session" },
    moments: "SELECT DISTINCT id, as_of, until FROM rows WHERE is_complete",
  });
  await database.run(
    `CREATE TABLE ${COMPARED} AS
     SELECT rows.*, coalesce(reached, 0) > 0 AS has_outcome, CASE
         WHEN ${options.keepsTraffic ? "FALSE" : "label_traffic IS NOT NULL"} THEN label_traffic
         WHEN NOT is_complete THEN 'incomplete' END AS reason
     FROM rows LEFT JOIN goal_outcomes AS outcomes
       ON outcomes.id = rows.id AND outcomes.as_of = rows.as_of AND outcomes.until = rows.until`,
  );
};

/** Counts the sessions of each reaction by arm, in order of the reactions' names. */
export const countSessions = async (database: Database): Promise<ComparedSessions[]> => {
  const arm = (name: string) =>
    `count(*) FILTER (arm = '${name}' AND reason IS NULL) AS ${name}_sessions,
     count(*) FILTER (arm = '${name}' AND reason IS NULL AND has_outcome) AS ${name}_outcomes`;
  const left = ["incomplete", "test", "internal"].map(
    (reason) => `count(*) FILTER (reason = '${reason}') AS ${reason}`,
  );
  const rows = await database.all(
    `SELECT reaction, ${arm("treatment")}, ${arm("holdout")}, ${left.join(", ")},
       coalesce(arg_max(holdout, time) FILTER (reason IS NULL), arg_max(holdout, time)) AS holdout_share,
       list(DISTINCT holdout) FILTER (reason IS NULL) AS shares
     FROM ${COMPARED} GROUP BY reaction ORDER BY reaction`,
  );
  return rows.map((row) => {
    const count = (column: string) => Number(row[column] ?? 0);
    const share = Number(row.holdout_share);
    return {
      reaction: String(row.reaction),
      treatment: { sessions: count("treatment_sessions"), outcomes: count("treatment_outcomes") },
      holdout: { sessions: count("holdout_sessions"), outcomes: count("holdout_outcomes") },
      share,
      shares: ((row.shares ?? [share]) as number[]).map(Number),
      left_out: { incomplete: count("incomplete"), test: count("test"), internal: count("internal") },
    };
  });
};

/**
 * The time of a reaction's first firing with the latest share of the holdout after one with another share, in UTC
 * milliseconds; `null` without one.
 */
export const holdoutChangedAt = async (
  database: Database,
  { reaction, share }: ComparedSessions,
): Promise<number | null> => {
  const [changed] = await database.all(
    `WITH own AS (SELECT time, holdout FROM ${COMPARED} WHERE reaction = ${literal(reaction)} AND reason IS NULL)
     SELECT min(time) AS at FROM own WHERE time > (SELECT max(time) FROM own WHERE holdout <> ${share})`,
  );
  return changed === undefined || changed.at === null ? null : Number(changed.at);
};
