import type { Database } from "../log/database.ts";
import {
  type ComparedSessions,
  type ComparisonOptions,
  compareSessions,
  countSessions,
  holdoutChangedAt,
} from "./compared-sessions.ts";
import { type Comparison, compare } from "./comparison.ts";
import { countFirings, type FiringCounts, followFirings } from "./firing-counts.ts";

/** The report of a reaction. */
export interface ReactionReport extends Comparison {
  reaction: string;
  /** The declared share of the holdout in the latest firing. */
  holdout_share: number;
  /** Time of the first firing with this share after one with another, in UTC milliseconds; `null` without one. */
  holdout_changed_at: number | null;
  firings: FiringCounts;
  /** Sessions that are in no arm: the period of the outcome goes on, or they are of tests or the site's own people. */
  left_out: ComparedSessions["left_out"];
}

/** Compares the sessions in which each reaction fired by arm, in order of the reactions' names. */
export const reportReactions = async (database: Database, options: ComparisonOptions): Promise<ReactionReport[]> => {
  await compareSessions(database, options);
  await followFirings(database);
  const reports: ReactionReport[] = [];
  for (const sessions of await countSessions(database)) {
    const { reaction, treatment, holdout, share, shares, left_out } = sessions;
    reports.push({
      ...{ reaction, holdout_share: share },
      holdout_changed_at: await holdoutChangedAt(database, sessions),
      ...compare(treatment, holdout, shares),
      firings: await countFirings(database, reaction),
      left_out,
    });
  }
  return reports;
};
