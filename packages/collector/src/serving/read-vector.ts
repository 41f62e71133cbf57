import type { RollupVectorResponse } from "@tidemark/schema";
import { type Env, rollupOf, sessionOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { type RollupKey, rollupKey } from "../rollup/push.ts";
import type { ShardResponse } from "../rollup/rollup.ts";
import { childShards } from "../rollup/shards.ts";
import type { SessionVector } from "../session/session.ts";
import type { Tenant } from "../tenants.ts";

/** A rollup's vector at the time of the call. */
export type RollupVector = Omit<RollupVectorResponse, "entity" | "id">;

/** The current vector of a session; `undefined` when none of its events counted. @throws HttpError `unavailable` */
export const readSession = async (env: Env, tenant: Tenant, id: string): Promise<SessionVector | undefined> => {
  const vector = await sessionOf(env, tenant, id).vector(tenant.site.id);
  if (vector === "unavailable")
    throw new HttpError("unavailable", "The session could not be read. Send the request again.");
  return vector;
};

/** The rows of an entity in a shard and in all shards that were split off it. */
const rowsOf = async (env: Env, tenant: Tenant, key: RollupKey, shard = 0): Promise<ShardResponse["row"][]> => {
  const { depth, row } = await rollupOf(env, tenant, shard).read(tenant.site.id, shard, key);
  const others = await Promise.all(childShards(shard, depth).map((other) => rowsOf(env, tenant, key, other)));
  return [row, ...others.flat()];
};

/**
 * The current vector of a user, page or custom entity, merged from all shards; `undefined` when none of its events
 * counted.
 */
export const readRollup = async (
  env: Env,
  tenant: Tenant,
  entity: string,
  id: string,
): Promise<RollupVector | undefined> => {
  const { rollups, version } = tenant.definitions;
  const engine = rollups.get(entity)?.engine;
  if (!engine) throw new Error(`no feature is defined for ${entity}`);
  const rows = await rowsOf(env, tenant, rollupKey(entity, id));
  const state = engine.emptyState();
  const anonymousIds = new Set<string>();
  for (const row of rows) {
    if (!row) continue;
    engine.mergeInto(state, engine.migrate(row.engine).state);
    for (const each of row.anonymous_ids) anonymousIds.add(each);
  }
  const { event_time, late, too_late } = state;
  if (event_time === null) return undefined;
  const at = Math.max(Date.now(), event_time);
  return {
    event_time,
    watermark: engine.watermark(state) ?? event_time,
    age_ms: at - event_time,
    definition_version: version,
    late,
    too_late,
    features: engine.vector(state, at),
    ...(anonymousIds.size > 0 && { anonymous_ids: [...anonymousIds] }),
  };
};
