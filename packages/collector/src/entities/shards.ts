import { hashOf } from "@tidemark/engine";
import type { EntityKey } from "./push.ts";

/** Number of shards of a site with several partitions. */
export const SHARDS = 16;

/** The shard of an entity. */
export const shardFor = (key: EntityKey): number => hashOf(key) % SHARDS;

/** Groups values of entities by shard. */
export const groupByShard = <T>(entries: Iterable<[EntityKey, T]>): Map<number, [EntityKey, T][]> => {
  const groups = new Map<number, [EntityKey, T][]>();
  for (const entry of entries) {
    const shard = shardFor(entry[0]);
    const group = groups.get(shard);
    if (group) group.push(entry);
    else groups.set(shard, [entry]);
  }
  return groups;
};
