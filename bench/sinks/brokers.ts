import { CompressionTypes, Partitioners } from "kafkajs";
import { type KafkaCluster, startKafka } from "../../tests/sinks/kafka/kafka-brokers.ts";
import type { Workerd } from "../../tests/workerd/workerd.ts";
import { callWorker, type Effort, measureEffort } from "./sending.ts";

const COMPRESSIONS = { gzip: CompressionTypes.GZIP, none: CompressionTypes.None };

/** Number of topic partitions. */
const TOPIC_PARTITIONS = 3;

/** The same records by the sink and by kafkajs, in each round. */
export interface BrokerRounds {
  compression: keyof typeof COMPRESSIONS;
  sink: Effort[];
  kafkajs: Effort[];
}

interface Sizes {
  /** Records of a cut, and cuts in a round. */
  records: number;
  cuts: number;
  /** Measured rounds. One more is not measured. */
  rounds: number;
}

interface KafkaMessage {
  key: string;
  value: string;
  headers: [string, string][];
}

const nodeCpuMs = async (): Promise<number> => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const measure = async (
  { client, brokers }: KafkaCluster,
  worker: Workerd,
  compression: BrokerRounds["compression"],
  { records, cuts, rounds }: Sizes,
): Promise<BrokerRounds> => {
  const topic = `events-${compression}`;
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: TOPIC_PARTITIONS }], waitForLeaders: true });
  const sent = (await (await callWorker(worker, "/kafka-records")).json()) as KafkaMessage[];
  const messages = sent.map((each) => ({ ...each, headers: Object.fromEntries(each.headers) }));
  // The producer acknowledges as the sink does: by all replicas in sync, each batch once.
  const producer = client.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const settings = { brokers: brokers.map(({ addresses }) => addresses.plain), topic, compression };
  const results: BrokerRounds = { compression, sink: [], kafkajs: [] };
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const bySink = await measureEffort(records * cuts, worker.cpuMs, () =>
        callWorker(worker, "/send", { to: "kafka", settings, cuts }),
      );
      const byKafkajs = await measureEffort(records * cuts, nodeCpuMs, async () => {
        for (let cut = 0; cut < cuts; cut += 1)
          await producer.send({ topic, acks: -1, compression: COMPRESSIONS[compression], messages });
      });
      if (round === 0) continue;
      results.sink.push(bySink);
      results.kafkajs.push(byKafkajs);
    }
    const offsets = await admin.fetchTopicOffsets(topic);
    const stored = offsets.reduce((sum, { high }) => sum + Number(high), 0);
    const expected = 2 * (rounds + 1) * cuts * records;
    if (stored !== expected) throw new Error(`the topic has ${stored} records in place of ${expected}`);
  } finally {
    await producer.disconnect();
    await admin.disconnect();
  }
  return results;
};

/**
 * Sends records to three brokers of Kafka, by the sink in a Worker and by kafkajs in Node.
 *
 * @returns `undefined`, and prints the reason, if Kafka cannot be installed or started.
 */
export const measureWithBrokers = async (worker: Workerd, sizes: Sizes): Promise<BrokerRounds[] | undefined> => {
  const cluster = await startKafka().catch((error: Error) => {
    console.log(`\nKafka cannot be installed or started here, so its case is left out: ${error.message.slice(0, 500)}`);
  });
  if (!cluster) return undefined;
  try {
    return [await measure(cluster, worker, "gzip", sizes), await measure(cluster, worker, "none", sizes)];
  } finally {
    await cluster.stop();
  }
};
