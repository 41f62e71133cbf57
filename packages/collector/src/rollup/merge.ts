import type { StateLayouts } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { type Delta, entityOf, type Push, type RollupKey, rollupKey } from "./push.ts";
import type { EntityRow, EntityRows } from "./rows.ts";

/**
 * Limits of the sessions whose latest push a row stores, by age and number. A repeated push beyond them counts twice.
 */
const DEDUPE = { ms: 86_400_000, sessions: 512 };

/** Maximum number of browsers in the row of a user. */
const MAX_ANONYMOUS_IDS = 16;

/**
 * Merges pushes that a session sent together into the rows. It skips a push if that push or a later one was merged
 * before.
 *
 * @returns The number of merged pushes.
 */
export const mergePushes = (
  rows: EntityRows,
  definitions: Definitions,
  session: string,
  pushes: readonly Push[],
): number => {
  let layouts: StateLayouts = {};
  let merged = 0;
  for (const push of pushes) {
    layouts = push.layouts ?? layouts;
    if (!isNew(rows, session, push)) continue;
    mergeDeltas(rows, definitions, push.deltas, layouts);
    merged += 1;
  }
  return merged;
};

/** Records the number of a push. Returns whether the push is new. */
const isNew = (rows: EntityRows, session: string, { n, deltas }: Push): boolean => {
  const key = dedupeKeyOf(session, deltas);
  const { latest_pushes } = rows.getOrCreate(key);
  if ((latest_pushes.get(session)?.n ?? 0) >= n) return false;
  storeLatestPush(latest_pushes, session, { n, at: Date.now() });
  rows.markChanged(key);
  return true;
};

/** Merges deltas, except those of an entity without a layout, which cannot be decoded. */
const mergeDeltas = (
  rows: EntityRows,
  { rollups }: Definitions,
  deltas: Push["deltas"],
  layouts: StateLayouts,
): void => {
  for (const [key, { anonymous_id, ...folded }] of Object.entries(deltas) as [RollupKey, Delta][]) {
    const layout = layouts[entityOf(key)];
    // The deployment's features may have changed since the session folded the delta.
    const engine = rollups.get(entityOf(key))?.engine;
    if (!engine || !layout) continue;
    const row = rows.getOrCreate(key);
    engine.mergeInto(row.engine, engine.migrate({ ...layout, late: 0, too_late: 0, ...folded }).state);
    if (anonymous_id !== undefined && row.anonymous_ids.at(-1) !== anonymous_id) {
      const others = row.anonymous_ids.filter((id) => id !== anonymous_id);
      row.anonymous_ids = [...others, anonymous_id].slice(-MAX_ANONYMOUS_IDS);
    }
    rows.markChanged(key);
  }
};

/** The key of the row that stores a session's latest push: the row of the user, or else a row of the session itself. */
const dedupeKeyOf = (session: string, deltas: Push["deltas"]): RollupKey => {
  const [first] = Object.keys(deltas) as RollupKey[];
  return first !== undefined && entityOf(first) === "user" ? first : rollupKey("session", session);
};

/** Moves a session to the end, and removes sessions from the front that are beyond the limits. */
const storeLatestPush = (
  latestPushes: EntityRow["latest_pushes"],
  session: string,
  latest: { n: number; at: number },
): void => {
  latestPushes.delete(session);
  latestPushes.set(session, latest);
  for (const [oldest, { at }] of latestPushes) {
    if (latestPushes.size <= DEDUPE.sessions && at > latest.at - DEDUPE.ms) return;
    latestPushes.delete(oldest);
  }
};
