/**
 * Distribution of a site's sessions over partitions: extendible hashing (Fagin, Nievergelt, Pippenger and Strong, 1979)
 * of new sessions.
 *
 * Partition 0 takes all sessions until it is hot. It then takes new sessions with an even hash, partition 1 the others,
 * and so on. A partition of depth `d` takes the hashes that agree with its number in the lowest `d` bits. A session
 * stays with its partition until it ends, and any partition may take any session: an outdated depth does no harm.
 */

/** Largest depth, for 64 partitions. */
export const MAX_DEPTH = 6;

/** Whether a number is that of a partition. */
export const isPartition = (number: number): boolean =>
  Number.isInteger(number) && number >= 0 && number < 2 ** MAX_DEPTH;

/** The partition of a hash at a depth. */
export const partitionFor = (hash: number, depth: number): number => hash % 2 ** depth;

/** The initial depth of a partition: that of the split that created it. */
export const initialDepth = (partition: number): number => 32 - Math.clz32(partition);

/**
 * Lists the partitions that sessions of a site can be bound to: a session applies the largest depth that its isolate has
 * learned, whatever partition its hash belongs to.
 *
 * @param depthOf Returns the depth of a partition.
 */
export const allPartitions = async (depthOf: (partition: number) => Promise<number>): Promise<number[]> => {
  const partitions: number[] = [];
  for (let count = 1; partitions.length < count; ) {
    const more = Array.from({ length: count - partitions.length }, (_, index) => partitions.length + index);
    const depths = await Promise.all(more.map(depthOf));
    partitions.push(...more);
    count = Math.max(...[count, ...depths.map((depth) => 2 ** depth)]);
  }
  return partitions;
};

/** The largest depth by site that this isolate has learned from responses. */
const knownDepths = new Map<string, number>();

/** The largest known depth of a site. It may be outdated, and is then too small. */
export const knownDepth = (site: string): number => knownDepths.get(site) ?? 0;

/** Records a depth that a partition of the site has reported. */
export const learnDepth = (site: string, depth: number): void => {
  if (depth > knownDepth(site)) knownDepths.set(site, depth);
};
