import { hashOf } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { type EntityKey, entityOf } from "../entities/push.ts";
import { knownDepth, partitionFor } from "../partition/binding.ts";
import { expectKnown } from "../release.ts";
import type { SessionBatch } from "./batch.ts";
import { convertEarlierSession } from "./earlier-session.ts";
import { newPushQueue, sealUnconfirmed } from "./pushes.ts";
import { SESSION_VERSION, type StoredSession } from "./row.ts";
import { hashOfSecret } from "./secret.ts";
import { newUnsent } from "./unsent.ts";

/** The state of a new session, whose first batch is given. */
export const newSession = (
  {
    site,
    anonymous_id,
    received_at,
    session_secret,
  }: Pick<SessionBatch, "site" | "anonymous_id" | "received_at" | "session_secret">,
  session_id: string,
  definitions: Definitions,
): StoredSession => {
  const visitor_hash = hashOf(anonymous_id);
  return {
    version: SESSION_VERSION,
    site,
    session_id,
    visitor_hash,
    began_at: received_at,
    secret_hash: session_secret === undefined ? undefined : hashOfSecret(session_secret),
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
 *
 * @throws LaterReleaseError for a state of a later release.
 */
export const restoreSession = (stored: StoredSession, { session, rollups, layouts, version }: Definitions): void => {
  expectKnown("the state of a session", stored.version, SESSION_VERSION);
  expectKnown("the state of a session's features", stored.engine.version, session.layout.version);
  if (stored.version === undefined) convertEarlierSession(stored);
  stored.version = SESSION_VERSION;
  sealUnconfirmed(stored.push_queue, layouts);
  stored.engine = session.migrate(stored.engine).state;
  if (stored.definition_version === version) return;
  stored.definition_version = version;
  for (const { deltas } of stored.push_queue.sealed)
    for (const key of Object.keys(deltas) as EntityKey[]) if (!rollups.has(entityOf(key))) delete deltas[key];
};
