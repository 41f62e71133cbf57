import type { Layouts } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { type Delta, entityOf, type Push, type RollupKey, rollupKey } from "./push.ts";
import type { EntityRow, EntityRows } from "./rows.ts";

/** How long the sessions of a user are remembered, and how many at most: the time within which a push may come again. */
const REMEMBER = { ms: 86_400_000, sessions: 512 };

/** Browsers that are remembered of a user. */
const MAX_ANONYMOUS_IDS = 16;

/**
 * Merges pushes of a session that came together into the rows, each unless it or a later one was merged before.
 *
 * @returns How many of them were new.
 */
export const mergePushes = (
  rows: EntityRows,
  definitions: Definitions,
  session: string,
  pushes: readonly Push[],
): number => {
  let layouts: Layouts = {};
  let merged = 0;
  for (const push of pushes) {
    layouts = push.layouts ?? layouts;
    if (!isNew(rows, session, push)) continue;
    mergeDeltas(rows, definitions, push.deltas, layouts);
    merged += 1;
  }
  return merged;
};

/** Notes that a push came. Returns whether it had not come before. */
const isNew = (rows: EntityRows, session: string, { n, deltas }: Push): boolean => {
  const key = dedupeKeyOf(session, deltas);
  const { merged } = rows.change(key);
  if ((merged.get(session)?.n ?? 0) >= n) return false;
  remember(merged, session, { n, at: Date.now() });
  rows.changed(key);
  return true;
};

/** Merges deltas. What their layouts do not tell cannot be read. */
const mergeDeltas = (rows: EntityRows, { rollups }: Definitions, deltas: Push["deltas"], layouts: Layouts): void => {
  for (const [key, { anonymous_id, ...folded }] of Object.entries(deltas) as [RollupKey, Delta][]) {
    const layout = layouts[entityOf(key)];
    // A deployment may have begun, or ended, to define features of it since.
    const engine = rollups.get(entityOf(key))?.engine;
    if (!engine || !layout) continue;
    const row = rows.change(key);
    engine.absorb(row.engine, engine.migrate({ ...layout, late: 0, too_late: 0, ...folded }).state);
    if (anonymous_id !== undefined && row.anonymous_ids.at(-1) !== anonymous_id) {
      const others = row.anonymous_ids.filter((known) => known !== anonymous_id);
      row.anonymous_ids = [...others, anonymous_id].slice(-MAX_ANONYMOUS_IDS);
    }
    rows.changed(key);
  }
};

/** The row that keeps the number of a session's latest push: one that few other sessions come to. */
const dedupeKeyOf = (session: string, deltas: Push["deltas"]): RollupKey => {
  const [first] = Object.keys(deltas) as RollupKey[];
  return first !== undefined && entityOf(first) === "user" ? first : rollupKey("session", session);
};

/** Puts a session at the end, and forgets those at the front that are too old or too many. */
const remember = (merged: EntityRow["merged"], session: string, latest: { n: number; at: number }): void => {
  merged.delete(session);
  merged.set(session, latest);
  for (const [oldest, { at }] of merged) {
    if (merged.size <= REMEMBER.sessions && at > latest.at - REMEMBER.ms) return;
    merged.delete(oldest);
  }
};
