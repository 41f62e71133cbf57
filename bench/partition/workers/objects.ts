import type { Batch } from "@tidemark/schema";
import type { ObjectAlarm } from "../../../packages/collector/src/alarm.ts";
import type { Delta, EntityKey } from "../../../packages/collector/src/entities/push.ts";
import { shardFor } from "../../../packages/collector/src/entities/shards.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { applyBatch } from "../../../packages/collector/src/session/apply-batch.ts";
import { PushLoop } from "../../../packages/collector/src/session/push-loop.ts";
import { collectingPush, confirm, nextPushes } from "../../../packages/collector/src/session/pushes.ts";
import type { SessionStore } from "../../../packages/collector/src/session/store.ts";
import { newSession } from "../../../packages/collector/src/session/stored-session.ts";
import { createTenants, tenantOf } from "../../../packages/collector/src/tenants.ts";
import config from "../../../tidemark.config.ts";

export { EntityShard, Partition } from "../../../tests/workerd/workers/unlogged.ts";
export { shardFor };

const tenants = createTenants({ ...config, models: [], reactions: [] });

/** Deltas by entity. */
export type Deltas = Record<EntityKey, Delta>;

/** Returns what each batch of a session changes in users, pages and custom entities. */
export const deltasOf = (site: string, batches: Batch[]): Deltas[] => {
  const tenant = { ...tenantOf(tenants, site), log: undefined };
  const [first] = batches;
  if (!first) return [];
  const visitor = { anonymous_id: first.anonymous_id, received_at: first.sent_at };
  const stored = newSession({ site, ...visitor }, first.session_id, tenant.definitions);
  return batches.map(({ events, ...envelope }) => {
    const batch = { site, ...visitor, received_at: envelope.sent_at, envelope: "", events: "" };
    applyBatch(stored, batch, envelope, events, tenant);
    const pushes = nextPushes(stored.push_queue);
    confirm(stored.push_queue, pushes);
    return Object.assign({}, ...pushes.map(({ deltas }) => deltas));
  });
};

/**
 * Creates the part of a session that partitions see: its pushes. Its object and its row are left out.
 *
 * @returns A function that sends deltas.
 */
export const startSession = (env: Env, site: string, sessionId: string, anonymousId: string) => {
  const first = { site, anonymous_id: anonymousId, received_at: Date.now() };
  const stored = newSession(first, sessionId, tenantOf(tenants, site).definitions);
  const store = { load: () => stored, whenWritten: async () => {}, write() {} };
  const alarm = { ensure() {} };
  const [ownStore, ownAlarm] = [store as unknown as SessionStore, alarm as unknown as ObjectAlarm];
  const loop = new PushLoop(ownStore, ownAlarm, env, tenants, () => {});
  return (deltas: Deltas): Promise<void> => {
    Object.assign(collectingPush(stored.push_queue).deltas, deltas);
    return loop.run();
  };
};
