/**
 * Distribution of a site's rollups over shards: extendible hashing (Fagin, Nievergelt, Pippenger and Strong, 1979).
 *
 * Shard 0 takes all sessions until it is hot. It then keeps the sessions with an even hash, shard 1 takes the others,
 * and so on. A shard of depth `d` takes the hashes that agree with its number in the lowest `d` bits. Any shard may
 * merge any push, and a read merges all shards: a session with an outdated depth does no harm.
 */

/** Largest depth, for 64 shards. */
export const MAX_DEPTH = 6;

/** The shard of a hash at a depth. */
export const shardOf = (hash: number, depth: number): number => hash % 2 ** depth;

/** The initial depth of a shard: that of the split that created it. */
export const initialDepth = (shard: number): number => 32 - Math.clz32(shard);

/** The shards that the splits of a shard up to a depth created. They may have been split themselves. */
export const childShards = (shard: number, depth: number): number[] =>
  Array.from(
    { length: Math.max(0, depth - initialDepth(shard)) },
    (_, index) => shard + 2 ** (initialDepth(shard) + index),
  );
