/**
 * How a site's rollups are spread over objects: extendible hashing (Fagin, Nievergelt, Pippenger and Strong, 1979). There is one
 * shard, 0, until it is hot; it then keeps the sessions whose hash is even and leaves the others to shard 1, and so on. A shard
 * of depth `d` takes those whose hash agrees with its number in the lowest `d` bits. Any shard may merge anything, and a read
 * merges them all: a session that knows an old depth does no harm.
 */

/** Deepest split: 64 shards. */
export const MAX_DEPTH = 6;

/** The shard that a hash belongs to, as far as a depth on its way is known. */
export const shardOf = (hash: number, depth: number): number => hash % 2 ** depth;

/** The depth with which a shard begins: that of the split from which it comes. */
export const firstDepth = (shard: number): number => 32 - Math.clz32(shard);

/** The shards that were split off a shard until it had come to a depth. They may have been split themselves. */
export const childShards = (shard: number, depth: number): number[] =>
  Array.from(
    { length: Math.max(0, depth - firstDepth(shard)) },
    (_, index) => shard + 2 ** (firstDepth(shard) + index),
  );
