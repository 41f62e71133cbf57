import type { Goal } from "@tidemark/schema";
import { type Database, literal } from "../log/database.ts";
import { createGoalOutcomes } from "../log/goal-outcomes.ts";
import { addEntities } from "../log/label-entities.ts";
import { type Comparison, compare } from "./comparison.ts";
import { chooseFirings, type FiringOptions, STEPS } from "./first-firings.ts";

/** Firings of a reaction in the compared sessions and in those that are left out as incomplete. */
interface FiringCounts {
  /** All firings, also later ones in a session. */
  fired: number;
  /** Those of sessions in the holdout, of which nothing was sent. */
  held_out: number;
  /** A page has called its listeners. */
  received: number;
  /** A page that is gone did not confirm that it called its listeners. */
  unknown: number;
  /** No page acknowledged them in time. */
  expired: number;
  /** With an event `reaction_shown`, `reaction_dismissed` and `reaction_acted`. */
  shown: number;
  dismissed: number;
  acted: number;
}

/** The report of a reaction. */
export interface ReactionReport extends Comparison {
  reaction: string;
  /** The declared share of the holdout in the latest firing. */
  holdout_share: number;
  /** Time of the first firing with this share after one with another, in UTC milliseconds; `null` without one. */
  holdout_changed_at: number | null;
  firings: FiringCounts;
  /** Sessions that are in no arm: the period of the outcome goes on, or they are of tests or the site's own people. */
  left_out: { incomplete: number; test: number; internal: number };
}

/** Options of {@link reportReactions}. */
export interface ReportOptions extends FiringOptions {
  /** The outcome: whether one of its events follows the firing. */
  goal: Goal;
  /** Whether sessions of tests and the site's own people count. */
  keepsTraffic: boolean;
}

const ACTIONS = ["shown", "dismissed", "acted"] as const;
const ACKNOWLEDGED = ["received", "unknown", "expired"] as const;

/** Creates the table `followed` with each firing of the chosen sessions, and the steps and events that followed it. */
const createFollowed = async (database: Database): Promise<void> => {
  const has = (name: string, rows: string, is: string) =>
    `reaction_id IN (SELECT reaction_id FROM ${rows} WHERE ${is} AND reaction_id IS NOT NULL) AS ${name}`;
  const columns = [
    ...ACKNOWLEDGED.map((step) => has(step, STEPS, `step = ${literal(step)}`)),
    ...ACTIONS.map((action) => has(action, "counted_events", `"type" = ${literal(`reaction_${action}`)}`)),
  ];
  await database.run(
    `CREATE TABLE followed AS SELECT fired.reaction, fired.reaction_id, fired.arm, ${columns.join(", ")}
     FROM ${STEPS} AS fired SEMI JOIN (SELECT * FROM compared WHERE reason IS NULL OR reason = 'incomplete') AS own
       ON own.reaction = fired.reaction AND own.id = fired.id
     WHERE step = 'fired'`,
  );
};

/**
 * Compares the sessions in which each reaction fired by arm, in order of the reactions' names. All sessions of an arm count,
 * whether the reaction reached the page or not: the sessions in which it did are not comparable with those of the holdout.
 */
export const reportReactions = async (database: Database, options: ReportOptions): Promise<ReactionReport[]> => {
  await chooseFirings(database, options);
  await addEntities(database, "session", "as_of");
  await createGoalOutcomes(database, {
    ...{ goal: options.goal, entity: "session" },
    moments: "SELECT DISTINCT id, as_of, until FROM rows WHERE is_complete",
  });
  await database.run(
    `CREATE TABLE compared AS
     SELECT rows.*, coalesce(reached, 0) > 0 AS has_outcome, CASE
         WHEN ${options.keepsTraffic ? "FALSE" : "label_traffic IS NOT NULL"} THEN label_traffic
         WHEN NOT is_complete THEN 'incomplete' END AS reason
     FROM rows LEFT JOIN goal_outcomes AS outcomes
       ON outcomes.id = rows.id AND outcomes.as_of = rows.as_of AND outcomes.until = rows.until`,
  );
  await createFollowed(database);
  const arm = (name: string) =>
    `count(*) FILTER (arm = '${name}' AND reason IS NULL) AS ${name}_sessions,
     count(*) FILTER (arm = '${name}' AND reason IS NULL AND has_outcome) AS ${name}_outcomes`;
  const left = ["incomplete", "test", "internal"].map(
    (reason) => `count(*) FILTER (reason = '${reason}') AS ${reason}`,
  );
  const found = await database.all(
    `SELECT reaction, ${arm("treatment")}, ${arm("holdout")}, ${left.join(", ")}, 
       coalesce(arg_max(holdout, time) FILTER (reason IS NULL), arg_max(holdout, time)) AS holdout_share,
       list(DISTINCT holdout) FILTER (reason IS NULL) AS shares
     FROM compared GROUP BY reaction ORDER BY reaction`,
  );
  const reports: ReactionReport[] = [];
  for (const { reaction, shares, ...row } of found) {
    const name = String(reaction);
    const own = literal(name);
    const share = Number(row.holdout_share);
    const declared = ((shares ?? [share]) as number[]).map(Number);
    const [changed] = await database.all(
      `WITH own AS (SELECT time, holdout FROM compared WHERE reaction = ${own} AND reason IS NULL)
       SELECT min(time) AS at FROM own WHERE time > (SELECT max(time) FROM own WHERE holdout <> ${share})`,
    );
    const counted = [...ACKNOWLEDGED, ...ACTIONS].map((column) => `count(*) FILTER (${column}) AS ${column}`);
    const [counts = {}] = await database.all(
      `SELECT count(*) AS fired, count(*) FILTER (arm = 'holdout') AS held_out, ${counted.join(", ")}
       FROM followed WHERE reaction = ${own}`,
    );
    const countIn = (of: Record<string, unknown>, column: string) => Number(of[column] ?? 0);
    const proportion = (of: "holdout" | "treatment") => ({
      sessions: countIn(row, `${of}_sessions`),
      outcomes: countIn(row, `${of}_outcomes`),
    });
    reports.push({
      ...{ reaction: name, holdout_share: share },
      holdout_changed_at: changed?.at === null || changed === undefined ? null : Number(changed.at),
      ...compare(proportion("treatment"), proportion("holdout"), declared),
      firings: Object.fromEntries(
        Object.keys(counts).map((column) => [column, countIn(counts, column)]),
      ) as unknown as FiringCounts,
      left_out: {
        incomplete: countIn(row, "incomplete"),
        test: countIn(row, "test"),
        internal: countIn(row, "internal"),
      },
    });
  }
  return reports;
};
