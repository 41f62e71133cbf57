import type { RollupVectorAnswer } from "@tidemark/schema";
import type { Definitions } from "../definitions.ts";
import { type Env, rollupOf } from "../session/address.ts";
import { type RollupKey, rollupKey } from "./push.ts";
import type { Share } from "./rollup.ts";
import { splitOff } from "./shards.ts";

/** A rollup's vector at the time of the call. */
export type RollupVector = Omit<RollupVectorAnswer, "entity" | "id">;

/** What a shard and all that were split off it know of an entity. */
const sharesOf = async (env: Env, site: string, key: RollupKey, shard = 0): Promise<Share["known"][]> => {
  const { depth, known } = await rollupOf(env, site, shard).read(shard, key);
  const others = await Promise.all(splitOff(shard, depth).map((other) => sharesOf(env, site, key, other)));
  return [known, ...others.flat()];
};

/** The vector of a user, page or other entity now: what all shards know, merged. `undefined` when no event of it counted. */
export const readRollup = async (
  env: Env,
  { rollups, version }: Definitions,
  { site, entity, id }: { site: string; entity: string; id: string },
): Promise<RollupVector | undefined> => {
  const engine = rollups.get(entity)?.engine;
  if (!engine) throw new Error(`no definition is about ${entity}`);
  const shares = await sharesOf(env, site, rollupKey(entity, id));
  const state = engine.zero();
  const anonymousIds = new Set<string>();
  for (const share of shares) {
    if (!share) continue;
    engine.absorb(state, engine.migrate(share.engine).state);
    for (const each of share.anonymous_ids) anonymousIds.add(each);
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
