import { hashOf } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { type EntityKey, entityOf } from "../entities/push.ts";
import { knownDepth, partitionFor } from "../partition/binding.ts";
import type { SessionBatch } from "./batch.ts";
import { convertEarlierSession } from "./earlier-session.ts";
import { newPushQueue, sealUnconfirmed } from "./pushes.ts";
import type { StoredSession } from "./row.ts";
import { newUnsent } from "./unsent.ts";

/** The state of a new session, whose first batch is given. */
export const newSession = (
  { site, anonymous_id, received_at }: Pick<SessionBatch, "site" | "anonymous_id" | "received_at">,
  session_id: string,
  definitions: Definitions,
): StoredSession => {
  const visitor_hash = hashOf(anonymous_id);
  return {
    site,
    session_id,
    visitor_hash,
    began_at: received_at,
    definition_version: definitions.version,
    tabs: new Map(),
    engine: definitions.session.emptyState(),
    totals: {},
    push_queue: newPushQueue(partitionFor(visitor_hash, knownDepth(site)), definitions.layouts),
    fed: {},
    unsent: newUnsent(),
    arrivals: 0,
    pseudonym: null,
    recorded_id: null,
    recorded_user: null,
    latest_received_at: null,
    due: [],
    closed: false,
    final: null,
  };
};

/**
 * Adapts a state that another instance stored. Any of its pushes may have been sent, and its definitions may differ.
 */
export const restoreSession = (stored: StoredSession, { session, rollups, layouts, version }: Definitions): void => {
  convertEarlierSession(stored);
  sealUnconfirmed(stored.push_queue, layouts);
  stored.engine = session.migrate(stored.engine).state;
  if (stored.definition_version === version) return;
  stored.definition_version = version;
  for (const { deltas } of stored.push_queue.sealed)
    for (const key of Object.keys(deltas) as EntityKey[]) if (!rollups.has(entityOf(key))) delete deltas[key];
};
