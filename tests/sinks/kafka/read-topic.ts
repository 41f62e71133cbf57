import type { Kafka } from "kafkajs";

/** A record that a consumer has received. */
export interface TopicRecord {
  partition: number;
  /** The header `ce_id`. */
  id: string;
  headers: Record<string, string>;
  key: string;
  value: { event: { name: string; session_id: string; seq: number } };
}

/** A consumer of a topic from its first record on. */
interface Following {
  stop(): Promise<void>;
}

/** Longest time for which a broker holds back an answer without records, in milliseconds. */
const MAX_WAIT_MS = 50;

const consume = async (
  client: Kafka,
  topic: string,
  readUncommitted: boolean,
  onRecord: (record: TopicRecord, offset: number) => void,
  onFailure: (error: Error) => void,
): Promise<Following> => {
  const consumer = client.consumer({ groupId: crypto.randomUUID(), maxWaitTimeInMs: MAX_WAIT_MS, readUncommitted });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  // While the group's coordinator loads, the consumer starts again by itself.
  consumer.on("consumer.crash", ({ payload }) => {
    if (!payload.restart) onFailure(payload.error);
  });
  consumer
    .run({
      async eachBatch({ batch: { partition, messages } }) {
        for (const { key, value, headers, offset } of messages) {
          const texts = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]);
          const named: Record<string, string> = Object.fromEntries(texts);
          const record = { partition, id: named.ce_id ?? "", headers: named, key: String(key) };
          onRecord({ ...record, value: JSON.parse(String(value)) }, Number(offset));
        }
      },
    })
    .catch(onFailure);
  return { stop: () => consumer.disconnect() };
};

/** Follows a topic. @param onRecord Is called with each record as soon as the consumer has it. */
export const followTopic = (
  client: Kafka,
  topic: string,
  onRecord: (record: TopicRecord) => void,
): Promise<Following> => consume(client, topic, false, onRecord, () => {});

/**
 * Reads a topic from its beginning to its present end.
 *
 * @param readUncommitted Whether the records of transactions that were not committed are included. Default: false.
 */
export const readTopic = async (client: Kafka, topic: string, readUncommitted = false): Promise<TopicRecord[]> => {
  const admin = client.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const records: TopicRecord[] = [];
  const ends = new Map(offsets.flatMap(({ partition, high }) => (Number(high) > 0 ? [[partition, Number(high)]] : [])));
  if (ends.size === 0) return records;
  let following: Following | undefined;
  await new Promise<void>((resolve, reject) => {
    const onRecord = (record: TopicRecord, offset: number) => {
      records.push(record);
      if (offset >= (ends.get(record.partition) ?? 0) - 1) ends.delete(record.partition);
      if (ends.size === 0) resolve();
    };
    consume(client, topic, readUncommitted, onRecord, reject).then((started) => {
      following = started;
    }, reject);
  });
  await following?.stop();
  return records;
};

/** Creates a topic, and waits until its topic partitions have leaders. @param config Its settings by name. */
export const createTopic = async (
  client: Kafka,
  topic: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const admin = client.admin();
  await admin.connect();
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }], waitForLeaders: true });
  await admin.disconnect();
};
