import type { Cut } from "../sink.ts";
import type { AttemptContext, Cluster } from "./cluster.ts";
import type { Connection } from "./connection.ts";
import { describe, errorOf } from "./error-codes.ts";
import { groupBy } from "./group-by.ts";
import { KafkaError } from "./kafka-error.ts";
import { kafkaRecordOf } from "./kafka-record.ts";
import type { BatchResult, PlannedBatch } from "./plan.ts";
import { encodeRecordBatch } from "./record-batch.ts";
import type { ProducerId } from "./requests/init-producer-id.ts";
import type { TopicMetadata } from "./requests/metadata.ts";
import { produceRequest } from "./requests/produce.ts";
import type { KafkaSettings } from "./settings.ts";

/** Most connections at a time. A Worker has six. */
const MAX_CONNECTIONS = 4;

/** The batches of an attempt, and the way to their brokers. */
export interface Sending {
  cluster: Cluster;
  settings: KafkaSettings;
  context: AttemptContext;
  cut: Cut;
  metadata: TopicMetadata;
  producer: ProducerId;
}

type Results = Map<PlannedBatch, BatchResult>;

/** The result of a batch with an error code. */
const resultOf = (code: number, subject: string): BatchResult => {
  const reason = describe(code, subject);
  const { reaction } = errorOf(code);
  if (code === 0 || reaction === "delivered") return { type: "delivered" };
  return reaction === "split" || reaction === "renew" ? { type: reaction, reason } : { type: "retry", reason };
};

/**
 * Sends the batches of one broker. A topic partition has one batch in flight: the next one follows the acknowledged one, and
 * fails with the failed one.
 */
const sendOver = async (
  connection: Connection,
  { cluster, settings, cut, producer }: Sending,
  batches: readonly PlannedBatch[],
  results: Results,
): Promise<void> => {
  const { topic, compression = "gzip", key } = settings;
  const queues = groupBy(batches, ({ partition }) => partition);
  while (queues.size > 0) {
    const encoding = [...queues].map(async ([partition, [batch]]) => {
      const { sequence, records } = batch as PlannedBatch;
      const each = records.map((index) => kafkaRecordOf(cut.records[index] as Cut["records"][number], key));
      return { partition, batch: await encodeRecordBatch(each, cut.at, { ...producer, sequence }, compression) };
    });
    const errors = await connection.request(produceRequest(topic, await Promise.all(encoding)));
    for (const [partition, queue] of queues) {
      const code = errors.get(partition);
      if (code === undefined) throw new KafkaError(`the response has no result of topic partition ${partition}`);
      const result = resultOf(code, `topic partition ${topic}-${partition}`);
      if (errorOf(code).reaction === "leader") cluster.forgetLeaders();
      results.set(queue.shift() as PlannedBatch, result);
      if (result.type !== "delivered") {
        const [reason, afterMs] = [`an earlier batch is not stored (${result.reason})`, 0];
        const waiting: BatchResult = result.type === "retry" ? result : { type: "retry", reason, afterMs };
        for (const batch of queue) results.set(batch, waiting);
      }
      if (result.type !== "delivered" || queue.length === 0) queues.delete(partition);
    }
  }
};

/** Sends batches to the leaders of their topic partitions. Returns the result of each batch. */
export const sendBatches = async (sending: Sending, batches: readonly PlannedBatch[]): Promise<Results> => {
  const { cluster, context, metadata, settings } = sending;
  const results: Results = new Map();
  const leaders = [...groupBy(batches, ({ partition }) => metadata.leaders[partition] as number)];
  const sendToNext = async (): Promise<void> => {
    for (let next = leaders.shift(); next !== undefined; next = leaders.shift()) {
      const [leader, own] = next;
      try {
        const address = metadata.brokers.get(leader);
        if (address === undefined)
          throw new KafkaError(`topic ${settings.topic}: topic partitions have no leader`, "leader");
        await cluster.connected(context, address, (connection) => sendOver(connection, sending, own, results));
      } catch (error) {
        cluster.forgetLeaders();
        const reason = (error as Error).message;
        for (const batch of own) if (!results.has(batch)) results.set(batch, { type: "retry", reason });
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_CONNECTIONS }, sendToNext));
  return results;
};
