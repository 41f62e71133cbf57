import type { RollupVectorResponse } from "@tidemark/schema";
import { isSessionIdOf } from "../access/session-ids.ts";
import type { EntityRow } from "../entities/merge.ts";
import { type EntityKey, entityKey } from "../entities/push.ts";
import { shardFor } from "../entities/shards.ts";
import { type Env, entityShardOf, partitionOf, sessionOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { knownDepth, learnDepth } from "../partition/binding.ts";
import type { SessionVector } from "../session/session.ts";
import type { Tenant } from "../tenants.ts";

/** A rollup's vector at the time of the call. */
export type RollupVector = Omit<RollupVectorResponse, "entity" | "id">;

/**
/**
 * The current vector of a session; `undefined` when none of its events counted, or when no session can have the id.
 *
 * @param secret The session's secret, which a page shows. Without it the caller may read every session of the site.
 * @throws HttpError `unavailable`
 */
export const readSession = async (
  env: Env,
  tenant: Tenant,
  id: string,
  secret?: string,
): Promise<SessionVector | undefined> => {
  if (!isSessionIdOf(tenant.site, id)) return undefined;
  const vector = await sessionOf(env, tenant, id).vector(tenant.site.id, secret);
  if (vector === "unavailable")
    throw new HttpError("unavailable", "The session could not be read. Send the request again.");
  return vector;
};

/**
 * The state of an entity. The first partition holds the entities of a site with one partition; the shards hold those of
 * any other site. A response with a larger depth than the known one shows that the site has been split.
 */
const readState = async (env: Env, tenant: Tenant, key: EntityKey): Promise<EntityRow | undefined> => {
  const { id } = tenant.site;
  if (knownDepth(id) === 0) {
    const { depth, row } = await partitionOf(env, tenant, 0).read(id, 0, key);
    if (depth === 0) return row;
    learnDepth(id, depth);
  }
  return entityShardOf(env, tenant, shardFor(key)).read(id, key);
};

/** The current vector of a user, page or custom entity; `undefined` when none of its events counted. */
export const readRollup = async (
  env: Env,
  tenant: Tenant,
  entity: string,
  id: string,
): Promise<RollupVector | undefined> => {
  const { rollups, version } = tenant.definitions;
  const engine = rollups.get(entity)?.engine;
  if (!engine) throw new Error(`no feature is defined for ${entity}`);
  const row = await readState(env, tenant, entityKey(entity, id));
  if (!row || row.engine.event_time === null) return undefined;
  const { state } = engine.migrate(row.engine);
  const { late, too_late } = state;
  const event_time = row.engine.event_time;
  const at = Math.max(Date.now(), event_time);
  return {
    event_time,
    watermark: engine.watermark(state) ?? event_time,
    age_ms: at - event_time,
    definition_version: version,
    late,
    too_late,
    features: engine.vector(state, at),
    ...(row.anonymous_ids.length > 0 && { anonymous_ids: row.anonymous_ids }),
  };
};
