import { type Database, literal } from "../log/database.ts";
import { COMPARED } from "./compared-sessions.ts";
import { STEPS } from "./first-firings.ts";

/** The table of the firings of the compared sessions, with the steps and events that followed each. */
const FOLLOWED = "followed_firings";

/** Firings of a reaction in the compared sessions and in those that are left out as incomplete. */
export interface FiringCounts {
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

const ACTIONS = ["shown", "dismissed", "acted"] as const;
const ACKNOWLEDGED = ["received", "unknown", "expired"] as const;

/** Creates the table that {@link countFirings} reads, from the tables of {@link compareSessions}. */
export const followFirings = async (database: Database): Promise<void> => {
  const has = (name: string, rows: string, is: string) =>
    `reaction_id IN (SELECT reaction_id FROM ${rows} WHERE ${is} AND reaction_id IS NOT NULL) AS ${name}`;
  const columns = [
    ...ACKNOWLEDGED.map((step) => has(step, STEPS, `step = ${literal(step)}`)),
    ...ACTIONS.map((action) => has(action, "counted_events", `"type" = ${literal(`reaction_${action}`)}`)),
  ];
  await database.run(
    `CREATE TABLE ${FOLLOWED} AS SELECT fired.reaction, fired.reaction_id, fired.arm, ${columns.join(", ")}
     FROM ${STEPS} AS fired SEMI JOIN (SELECT * FROM ${COMPARED} WHERE reason IS NULL OR reason = 'incomplete') AS own
       ON own.reaction = fired.reaction AND own.id = fired.id
     WHERE step = 'fired'`,
  );
};

/** Counts the firings of a reaction, and those that each step or event followed. */
export const countFirings = async (database: Database, reaction: string): Promise<FiringCounts> => {
  const counted = [...ACKNOWLEDGED, ...ACTIONS].map((column) => `count(*) FILTER (${column}) AS ${column}`);
  const [counts = {}] = await database.all(
    `SELECT count(*) AS fired, count(*) FILTER (arm = 'holdout') AS held_out, ${counted.join(", ")}
     FROM ${FOLLOWED} WHERE reaction = ${literal(reaction)}`,
  );
  return Object.fromEntries(
    Object.entries(counts).map(([column, count]) => [column, Number(count)]),
  ) as unknown as FiringCounts;
};
