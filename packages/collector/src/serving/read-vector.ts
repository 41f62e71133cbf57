import type { RollupVectorResponse } from "@tidemark/schema";
import { type Env, rollupOf, sessionOf } from "../env.ts";
import { type RollupKey, rollupKey } from "../rollup/push.ts";
import type { ShardAnswer } from "../rollup/rollup.ts";
import { splitOff } from "../rollup/shards.ts";
import type { SessionVector } from "../session/session.ts";
import type { Tenant } from "../tenants.ts";

/** A rollup's vector at the time of the call. */
export type RollupVector = Omit<RollupVectorResponse, "entity" | "id">;

/** The vector of a session now. `undefined` when no event of it counted. */
export const readSession = async (env: Env, tenant: Tenant, id: string): Promise<SessionVector | undefined> =>
  sessionOf(env, tenant, id).vector(tenant.site.id);

/** The answers about an entity of a shard and of all shards that were split off it. */
const answersOf = async (env: Env, tenant: Tenant, key: RollupKey, shard = 0): Promise<ShardAnswer["known"][]> => {
  const { depth, known } = await rollupOf(env, tenant, shard).read(tenant.site.id, shard, key);
  const others = await Promise.all(splitOff(shard, depth).map((other) => answersOf(env, tenant, key, other)));
  return [known, ...others.flat()];
};

/** The vector of a user, page or other entity now, merged from all shards. `undefined` when no event of it counted. */
export const readRollup = async (
  env: Env,
  tenant: Tenant,
  entity: string,
  id: string,
): Promise<RollupVector | undefined> => {
  const { rollups, version } = tenant.definitions;
  const engine = rollups.get(entity)?.engine;
  if (!engine) throw new Error(`no definition is about ${entity}`);
  const answers = await answersOf(env, tenant, rollupKey(entity, id));
  const state = engine.zero();
  const anonymousIds = new Set<string>();
  for (const known of answers) {
    if (!known) continue;
    engine.absorb(state, engine.migrate(known.engine).state);
    for (const each of known.anonymous_ids) anonymousIds.add(each);
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
