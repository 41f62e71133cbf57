import type { EntityRow } from "../entities/merge.ts";
import type { EntityKey } from "../entities/push.ts";
import { groupByShard, shardFor } from "../entities/shards.ts";
import { type Env, entityShardOf, partitionOf } from "../env.ts";
import { callObject, measureWait } from "../metrics/waits.ts";
import { knownDepth, learnDepth } from "../partition/binding.ts";
import type { Tenant } from "../tenants.ts";

/** Reads rows of entities from the object that has them. */
const readFromObject = <T>(object: "Partition" | "EntityShard", read: () => Promise<T>): Promise<T> =>
  callObject(object, () => measureWait("entity_read", read));

/**
 * The row of an entity. The first partition holds the entities of a site with one partition; the shards hold those of
 * any other site. A response with a larger depth than the known one shows that the site has been split.
 */
export const readRow = async (env: Env, tenant: Tenant, key: EntityKey): Promise<EntityRow | undefined> => {
  const { id } = tenant.site;
  if (knownDepth(id) === 0) {
    const partition = partitionOf(env, tenant, 0);
    const { depth, row } = await readFromObject("Partition", async () => partition.read(id, 0, key));
    if (depth === 0) return row;
    learnDepth(id, depth);
  }
  const shard = entityShardOf(env, tenant, shardFor(key));
  return readFromObject("EntityShard", async () => shard.read(id, key));
};

/** Receives the row of an entity; `undefined` for an entity without one. */
type OnRow = (key: EntityKey, row: EntityRow | undefined) => void;

/** Returns the rows of the first of some keys as JSON; `undefined` if the object no longer holds entities. */
type Read = (keys: EntityKey[]) => Promise<(string | null)[] | undefined>;

/**
 * Reads the rows of many entities, with one call for each object that has some of them, or several for long rows.
 *
 * @param onRow Called for each key as soon as its row arrives.
 * @param onError Called for each key whose object failed.
 */
export const readRows = async (
  env: Env,
  tenant: Tenant,
  keys: readonly EntityKey[],
  onRow: OnRow,
  onError: (key: EntityKey, error: unknown) => void,
): Promise<void> => {
  const { id } = tenant.site;
  const pending = new Set(keys);
  const readFrom = async (group: readonly EntityKey[], read: Read): Promise<void> => {
    try {
      for (let rest = group; rest.length > 0; ) {
        const texts = await read([...rest]);
        if (!texts) return;
        for (const [index, key] of rest.slice(0, texts.length).entries()) {
          const text = texts[index] ?? null;
          pending.delete(key);
          onRow(key, text === null ? undefined : (JSON.parse(text) as EntityRow));
        }
        rest = rest.slice(texts.length);
      }
    } catch (error) {
      for (const key of group) if (pending.delete(key)) onError(key, error);
    }
  };

  if (knownDepth(id) === 0)
    await readFrom(keys, async (rest) => {
      const partition = partitionOf(env, tenant, 0);
      const { depth, rows } = await readFromObject("Partition", async () => partition.readAll(id, 0, rest));
      learnDepth(id, depth);
      return rows;
    });
  const groups = groupByShard([...pending].map((key): [EntityKey, undefined] => [key, undefined]));
  await Promise.all(
    [...groups].map(([number, group]) => {
      const shard = entityShardOf(env, tenant, number);
      return readFrom(
        group.map(([key]) => key),
        (rest) => readFromObject("EntityShard", async () => shard.readAll(id, rest)),
      );
    }),
  );
};
