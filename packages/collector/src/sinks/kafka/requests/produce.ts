import { type KafkaRequest, RESPONSE_MS } from "./request.ts";

/** Time for the replicas in sync to store the batches, in milliseconds. */
const REPLICATION_MS = 5_000;

/** A record batch for a topic partition. */
export interface PartitionBatch {
  partition: number;
  batch: Uint8Array;
}

/**
 * Sends one batch for each of some topic partitions. The broker responds when all replicas in sync have them.
 *
 * The response has the error code of each topic partition.
 */
export const produceRequest = (
  topic: string,
  batches: readonly PartitionBatch[],
): KafkaRequest<ReadonlyMap<number, number>> => ({
  name: "Produce",
  apiKey: 0,
  apiVersion: 7,
  timeoutMs: REPLICATION_MS + RESPONSE_MS,
  write(writer) {
    const [transactionalId, allReplicasInSync] = [null, -1];
    writer.text(transactionalId).int16(allReplicasInSync).int32(REPLICATION_MS);
    writer.array([topic], (name) =>
      writer.text(name).array(batches, ({ partition, batch }) => writer.int32(partition).bytes(batch)),
    );
  },
  read(reader) {
    const topics = reader.array(() => {
      reader.text(); // name
      return reader.array(() => {
        const [partition, error] = [reader.int32(), reader.int16()];
        reader.int64(); // offset of the first record
        reader.int64(); // time of the append, if the topic has its own timestamps
        reader.int64(); // first offset of the topic partition
        return [partition, error] as const;
      });
    });
    return new Map(topics.flat());
  },
});
