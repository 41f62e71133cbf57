const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

const mixed = (block: number): number => {
  const product = Math.imul(block, MULTIPLIER);
  return Math.imul(product ^ (product >>> SHIFT), MULTIPLIER);
};

/** MurmurHash2 of 32 bits with the seed of Kafka's clients. */
const murmur2 = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - (bytes.length % 4);
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < end; at += 4) hash = Math.imul(hash, MULTIPLIER) ^ mixed(view.getInt32(at, true));
  if (end < bytes.length) {
    for (let at = bytes.length - 1; at >= end; at--) hash ^= view.getUint8(at) << (8 * (at - end));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
};

const encoder = new TextEncoder();

/**
 * The topic partition of a key, as the default partitioner of Kafka's own clients chooses it. So a key has the same topic
 * partition as the records of other producers with this key.
 *
 * @param partitions Number of the topic's partitions.
 */
export const topicPartitionOf = (key: string, partitions: number): number =>
  (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
