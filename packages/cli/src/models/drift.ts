import type { Database } from "../log/database.ts";
import { DAY_MS } from "../log/time-range.ts";
import { PREDICTIONS } from "./predictions.ts";
import { stabilityIndex } from "./stability-index.ts";

/** Least number of predictions of a day whose distribution is compared: with fewer ones the index is mostly chance. */
const LEAST_PREDICTIONS = 100;

/** A distribution with which the predictions are compared. */
export interface Reference {
  /** Bounds between groups of values, ascending: a value at a bound is in the group above. */
  edges: readonly number[];
  /** Share of each group: one more than bounds. */
  shares: readonly number[];
}

/** The predictions of a day. */
interface DriftDay {
  /** Date in UTC, such as `2026-11-29`. */
  date: string;
  /** Predictions of the model. */
  predictions: number;
  /** Predictions that the model did not make, with a fallback or without one. */
  failures: number;
  /** Mean prediction; `null` without one. */
  mean: number | null;
  /** Population stability index against the reference; `null` for a day with fewer than 100 predictions. */
  psi: number | null;
}

/** The predictions of a version and role by day. */
export interface Drift {
  /** `model`: the distribution in the model's file. Otherwise the date of the first day with 100 predictions; `null` without one. */
  reference: string | null;
  days: DriftDay[];
}

const dateOf = (day: unknown): string => new Date(Number(day) * DAY_MS).toISOString().slice(0, 10);

/** Counts the predictions of each day in the groups between bounds. */
const countGroups = async (
  database: Database,
  own: string,
  edges: readonly number[],
): Promise<Map<number, number[]>> => {
  // A number in SQL text is a decimal, whose conversion to a DOUBLE is not exact; a text's is.
  const group = edges.map((edge) => `CAST(value >= CAST('${edge}' AS DOUBLE) AS INTEGER)`).join(" + ") || "0";
  const rows = await database.all(
    `SELECT day, ${group} AS "group", count(*) AS predictions FROM ${PREDICTIONS} WHERE ${own} GROUP BY ALL`,
  );
  const counts = new Map<number, number[]>();
  for (const { day, group, predictions } of rows) {
    const known = counts.get(Number(day)) ?? new Array<number>(edges.length + 1).fill(0);
    known[Number(group)] = Number(predictions);
    counts.set(Number(day), known);
  }
  return counts;
};

/** A number just above another one. */
const above = (value: number): number => value + Math.max(Number.MIN_VALUE, Math.abs(value) * Number.EPSILON);

/**
 * The deciles of a day as a reference. A value that is several deciles is a group of its own: otherwise predictions could move
 * away from it into greater ones, and stay in the group.
 */
const referenceOf = async (database: Database, own: string, day: unknown): Promise<Reference> => {
  const rows = await database.all(
    `SELECT edge, count(*) AS deciles
     FROM (SELECT unnest(quantile_disc(value, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])) AS edge
       FROM ${PREDICTIONS} WHERE ${own} AND day = ${day})
     GROUP BY edge ORDER BY edge`,
  );
  const bounds = rows.flatMap(({ edge, deciles }) =>
    Number(deciles) > 1 ? [Number(edge), above(Number(edge))] : [Number(edge)],
  );
  const edges = [...new Set(bounds)];
  const counts = await countGroups(database, own, edges);
  return { edges, shares: counts.get(Number(day)) as number[] };
};

/**
 * Compares the predictions of each day with a reference. All predictions count, also those that are not compared with an
 * outcome.
 *
 * @param selection The condition on a version and role.
 * @param given The distribution in the model's file. Default: that of the first day with 100 predictions.
 */
export const driftOf = async (database: Database, selection: string, given?: Reference): Promise<Drift> => {
  const own = `is_scored AND ${selection}`;
  const days = await database.all(
    `SELECT day, count(*) FILTER (is_scored) AS predictions, count(*) FILTER (NOT is_scored) AS failures, avg(value) FILTER (is_scored) AS mean
     FROM ${PREDICTIONS} WHERE ${selection} GROUP BY day ORDER BY day`,
  );
  const first = days.find(({ predictions }) => Number(predictions) >= LEAST_PREDICTIONS);
  const reference = given ?? (first && (await referenceOf(database, own, first.day)));
  const counts = await countGroups(database, own, reference?.edges ?? []);
  return {
    reference: given ? "model" : first ? dateOf(first.day) : null,
    days: days.map(({ day, predictions, failures, mean }) => ({
      ...{ date: dateOf(day), predictions: Number(predictions), failures: Number(failures) },
      mean: mean === null ? null : Number(mean),
      psi:
        reference && Number(predictions) >= LEAST_PREDICTIONS
          ? stabilityIndex(reference.shares, counts.get(Number(day)) as number[])
          : null,
    })),
  };
};
