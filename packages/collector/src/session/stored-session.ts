import type { Definitions } from "../compile-features.ts";
import { entityOf, type RollupKey } from "../rollup/push.ts";
import { newPushQueue, sealUnconfirmed } from "./pushes.ts";
import type { StoredSession } from "./row.ts";

/** The state of a new session. */
export const newSession = (site: string, session_id: string, definitions: Definitions): StoredSession => ({
  site,
  session_id,
  definition_version: definitions.version,
  tabs: new Map(),
  engine: definitions.session.emptyState(),
  push_queue: newPushQueue(definitions.layouts),
  latest_received_at: null,
  alarm_at: null,
  closed: false,
  final: null,
});

/**
 * Adapts a state that another instance stored. Any of its pushes may have been sent, and its definitions may differ.
 */
export const restoreSession = (stored: StoredSession, { session, rollups, layouts, version }: Definitions): void => {
  sealUnconfirmed(stored.push_queue, layouts);
  stored.engine = session.migrate(stored.engine).state;
  if (stored.definition_version === version) return;
  stored.definition_version = version;
  for (const { deltas } of stored.push_queue.sealed)
    for (const key of Object.keys(deltas) as RollupKey[]) if (!rollups.has(entityOf(key))) delete deltas[key];
};
