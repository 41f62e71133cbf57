import { abbreviated } from "../../abbreviated.ts";
import {
  PUSH_VERSION,
  type Push,
  type RebuildPosition,
  type RebuildStart,
  type RebuildTarget,
  type Sender,
} from "../../entities/push.ts";
import { SHARDS } from "../../entities/shards.ts";
import { entityShardOf, partitionOf } from "../../env.ts";
import { HttpError, invalidJson } from "../../errors.ts";
import { partitionsOf } from "../../partition/partitions.ts";
import type { RouteGroup } from "../route.ts";
import { tenantOfLog } from "./log.ts";

/** The body of a request with rebuilt states. */
interface RebuiltStates {
  shard: number | null;
  sender: Sender;
  pushes: Push[];
}

const isShard = (shard: unknown): shard is number =>
  Number.isInteger(shard) && Number(shard) >= 0 && Number(shard) < SHARDS;

const readStates = (text: string): RebuiltStates => {
  let body: Partial<RebuiltStates>;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw invalidJson(error);
  }
  const { shard, sender, pushes } = body ?? {};
  const isOfRebuild = String(sender?.id).startsWith("rebuild ");
  if ((shard !== null && !isShard(shard)) || !sender || !isOfRebuild || !Array.isArray(pushes))
    throw new HttpError("invalid_query", "The body: expected shard, the sender of the begin, and pushes.");
  return { shard: shard ?? null, sender, pushes };
};

/** The routes with which `tidemark rebuild` replaces the rows of entities by those of the log. For operators only. */
export const rebuildRoutes: RouteGroup<"POST /v1/rebuild/begin" | "POST /v1/rebuild/states"> = ({ tenants }) => ({
  async "POST /v1/rebuild/begin"(c) {
    const tenant = tenantOfLog(c, tenants);
    const { id } = tenant.site;
    const only = c.req.query("shard");
    if (only !== undefined && !(/^\d+$/.test(only) && isShard(Number(only))))
      throw new HttpError(
        "invalid_query",
        `shard: expected 0 to ${SHARDS - 1}; given ${JSON.stringify(abbreviated(only))}.`,
      );
    const partitions = await partitionsOf(c.env, tenant);
    const sender: Sender = { id: `rebuild ${crypto.randomUUID()}`, began_at: Date.now() };
    const first = partitionOf(c.env, tenant, 0);
    if ((await first.depth(id, 0)) === 0) {
      if (only !== undefined)
        throw new HttpError("invalid_query", `shard: site ${id} has one partition and no shards.`);
      return c.json({ sender, targets: [{ shard: null, positions: [await first.beginRebuild(id, 0)] }] });
    }
    const shards = only === undefined ? Array.from({ length: SHARDS }, (_, shard) => shard) : [Number(only)];
    const begin = async (shard: number): Promise<RebuildTarget> => {
      const confirmed = partitions.map(async (partition): Promise<RebuildPosition> => {
        return { partition, position: await partitionOf(c.env, tenant, partition).confirmedTo(id, partition, shard) };
      });
      return {
        shard,
        positions: await entityShardOf(c.env, tenant, shard).beginRebuild(id, await Promise.all(confirmed)),
      };
    };
    return c.json({ sender, targets: await Promise.all(shards.map(begin)) } satisfies RebuildStart);
  },

  async "POST /v1/rebuild/states"(c) {
    const tenant = tenantOfLog(c, tenants);
    const { id } = tenant.site;
    const { shard, sender, pushes } = readStates(await c.req.text());
    const text = JSON.stringify(pushes);
    if (shard === null) await partitionOf(c.env, tenant, 0).applyRebuilt(id, 0, sender, text);
    else await entityShardOf(c.env, tenant, shard).apply(id, sender, text, PUSH_VERSION);
    return c.json({ merged: pushes.length });
  },
});
