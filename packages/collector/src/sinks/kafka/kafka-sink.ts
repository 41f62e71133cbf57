import type { Attempt, Cut, Sink, SinkOutcome } from "../sink.ts";
import type { OpenSocket } from "./byte-socket.ts";
import { type AttemptContext, Cluster } from "./cluster.ts";
import { groupBy } from "./group-by.ts";
import { keyOf } from "./kafka-record.ts";
import { topicPartitionOf } from "./partitioner.ts";
import {
  type BatchResult,
  beginCut,
  isPlanned,
  type KafkaState,
  type PlannedBatch,
  type PlannedState,
  planned,
  settle,
  withoutProducer,
} from "./plan.ts";
import { initProducerIdRequest } from "./requests/init-producer-id.ts";
import type { TopicMetadata } from "./requests/metadata.ts";
import { sendBatches } from "./send-batches.ts";
import type { KafkaSettings } from "./settings.ts";

/** Time for which a broker remembers a producer without new records, in milliseconds: `producer.id.expiration.ms`. */
const BROKER_MEMORY_MS = 86_400_000;

/** Number of the latest batches of a producer in a topic partition that a broker recognises. More are never sent before a commit. */
const BROKER_MEMORY_BATCHES = 5;

/** Age of a cut up to which a broker may not know a topic partition that was added, in milliseconds. */
const ADDITION_MS = 300_000;

/** Largest cut. With headers, and even without compression, a batch of this size is below the 1 MB of a new topic. */
const LIMITS = { records: 2_000, bytes: 700_000 };

/** Times that tests change. */
interface KafkaTiming {
  /** Age of the known number of topic partitions up to which a cut uses it, in milliseconds. */
  metadataAgeMs: number;
}

const retryAll = ({ pending }: Cut, reason: string, afterMs?: number): SinkOutcome[] =>
  pending.map(() => ({ type: "retry", reason, ...(afterMs === undefined ? {} : { afterMs }) }));

/**
 * The batches that are sent next: of each topic partition those that a broker recognises if the result is not committed. The
 * batches after one that is split wait for the commit.
 */
const sendable = (batches: readonly PlannedBatch[], results: ReadonlyMap<PlannedBatch, BatchResult>): PlannedBatch[] =>
  [...groupBy(batches, ({ partition }) => partition).values()].flatMap((queue) => {
    const types = queue.map((batch) => results.get(batch)?.type ?? "retry");
    if (types.includes("split") || types.includes("renew")) return [];
    return queue.slice(0, BROKER_MEMORY_BATCHES).filter((_, position) => types[position] === "retry");
  });

/**
 * A sink that writes to a topic of Kafka.
 *
 * Brokers drop a batch that they have: they know a producer by its id, and a batch by the sequences of its first and last
 * record. So the state has the producer's id, and the batches of the cut with their topic partitions and sequences. It is
 * committed before the batches are sent, and they are sent unchanged until they are acknowledged. A broker remembers a
 * producer for 24 hours: a record that is acknowledged later than that may be stored twice.
 *
 * @param open Connects to a broker.
 */
export const kafkaSink = (
  settings: KafkaSettings,
  open: OpenSocket,
  { metadataAgeMs }: KafkaTiming = { metadataAgeMs: 30_000 },
): Sink<KafkaState> => {
  const cluster = new Cluster(settings, open);

  const targetOf = ({ clusterId }: TopicMetadata): string => `${clusterId}/${settings.topic}`;

  const plan = async (cut: Cut, previous: KafkaState, context: AttemptContext): Promise<KafkaState> => {
    const metadata = await cluster.metadata(context, metadataAgeMs);
    const { leaders } = metadata;
    const target = targetOf(metadata);
    // Another cluster may have given the same id to another producer.
    const state = previous.target === target ? previous : withoutProducer(previous);
    const newProducer = async () => {
      const { producerId, producerEpoch } = await cluster.ask(context, initProducerIdRequest());
      return { id: String(producerId), epoch: producerEpoch };
    };
    const partitionOf = (index: number) =>
      topicPartitionOf(keyOf(cut.records[index] as Cut["records"][number], settings.key), leaders.length);
    const producer = state.producer ?? (await newProducer());
    return planned(state, { target, producer }, cut.pending, partitionOf);
  };

  /** Plans after a failure to do so before. The batches are sent after the commit of the plan. */
  const planLate = async (cut: Cut, state: KafkaState, context: AttemptContext): Promise<Attempt<KafkaState>> => {
    try {
      const next = await plan(cut, state, context);
      return { outcomes: retryAll(cut, "the records are assigned to topic partitions first", 0), state: next };
    } catch (error) {
      cluster.forgetLeaders();
      return { outcomes: retryAll(cut, (error as Error).message), state };
    }
  };

  const send = async (cut: Cut, state: PlannedState, context: AttemptContext): Promise<Attempt<KafkaState>> => {
    const { id, epoch } = state.producer;
    const producer = { producerId: BigInt(id), producerEpoch: epoch };
    const results = new Map<PlannedBatch, BatchResult>();
    let partitions = 0;
    const sendOnce = async (): Promise<void> => {
      const metadata = await cluster.metadata(context, Number.POSITIVE_INFINITY);
      partitions = metadata.leaders.length;
      const sent = sendable(state.batches, results).filter(({ partition }) => partition < partitions);
      const sending = { cluster, settings, context, cut, metadata, producer };
      for (const [batch, result] of await sendBatches(sending, sent)) results.set(batch, result);
    };
    const wereLeadersKnown = cluster.knowsLeaders;
    const startedAt = Date.now();
    const isOwn = targetOf(await cluster.metadata(context, Number.POSITIVE_INFINITY)) === state.target;
    if (!isOwn) return planLate(cut, withoutProducer(state), context);
    await sendOnce();
    // The leaders that were known may be those of an earlier time.
    if (wereLeadersKnown && !cluster.knowsLeaders) await sendOnce().catch(() => {});
    const unsent = ({ partition }: PlannedBatch): BatchResult => {
      if (partition < partitions)
        return { type: "retry", reason: "the batches before it are committed first", afterMs: 0 };
      const reason = `topic ${settings.topic} has no topic partition ${partition}`;
      return { type: startedAt - cut.at > ADDITION_MS ? "renew" : "retry", reason };
    };
    const settled = settle(state, (batch) => results.get(batch) ?? unsent(batch));
    // Each pending record has its batch.
    const outcomes = cut.pending.map((index) => settled.outcomes.get(index) as SinkOutcome);
    const isUncertain = state.uncertain || startedAt - cut.at > BROKER_MEMORY_MS;
    const uncertain = isUncertain ? outcomes.filter(({ type }) => type === "delivered").length : 0;
    return { outcomes, state: settled.state, uncertain };
  };

  return {
    limits: LIMITS,
    async plan(cut, previous, context) {
      const state = beginCut(previous, cut.id);
      return plan(cut, state, context).catch(() => state);
    },
    async attempt(cut, previous, context) {
      const state = previous?.cut === cut.id ? previous : beginCut(previous, cut.id);
      if (!isPlanned(state, cut.pending)) return planLate(cut, state, context);
      try {
        return await send(cut, state, context);
      } catch (error) {
        cluster.forgetLeaders();
        return { outcomes: retryAll(cut, (error as Error).message) };
      }
    },
  };
};
