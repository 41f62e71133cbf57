import type { Attempt, Cut, Sink, SinkOutcome } from "../sink.ts";
import type { OpenSocket } from "./byte-socket.ts";
import { type AttemptContext, Cluster } from "./cluster.ts";
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
} from "./plan.ts";
import { initProducerIdRequest } from "./requests/init-producer-id.ts";
import { sendBatches } from "./send-batches.ts";
import type { KafkaSettings } from "./settings.ts";

/** Time for which a broker remembers a producer without new records, in milliseconds: `producer.id.expiration.ms`. */
const BROKER_MEMORY_MS = 86_400_000;

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

  const plan = async (cut: Cut, state: KafkaState, context: AttemptContext): Promise<KafkaState> => {
    const { leaders } = await cluster.metadata(context, metadataAgeMs);
    const newProducer = async () => {
      const { producerId, producerEpoch } = await cluster.ask(context, initProducerIdRequest());
      return { id: String(producerId), epoch: producerEpoch };
    };
    const partitionOf = (index: number) =>
      topicPartitionOf(keyOf(cut.records[index] as Cut["records"][number], settings.key), leaders.length);
    return planned(state, state.producer ?? (await newProducer()), cut.pending, partitionOf);
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
    const sendOnce = async (): Promise<void> => {
      const metadata = await cluster.metadata(context, Number.POSITIVE_INFINITY);
      const hasEnded = (batch: PlannedBatch) => (results.get(batch)?.type ?? "retry") !== "retry";
      // The batches after one that is split or renewed wait for the commit.
      const blocked = state.batches.filter((batch) => hasEnded(batch) && results.get(batch)?.type !== "delivered");
      const isBlocked = ({ partition }: PlannedBatch) => blocked.some((each) => each.partition === partition);
      const exists = ({ partition }: PlannedBatch) => partition < metadata.leaders.length;
      const sent = state.batches.filter((batch) => !hasEnded(batch) && !isBlocked(batch) && exists(batch));
      const sending = { cluster, settings, context, cut, metadata, producer };
      for (const [batch, result] of await sendBatches(sending, sent)) results.set(batch, result);
    };
    const wereLeadersKnown = cluster.knowsLeaders;
    const startedAt = Date.now();
    await sendOnce();
    // The leaders that were known may be those of an earlier time.
    if (wereLeadersKnown && !cluster.knowsLeaders) await sendOnce().catch(() => {});
    const gone = { type: "renew", reason: `topic ${settings.topic} has fewer topic partitions than before` } as const;
    const settled = settle(state, (batch) => results.get(batch) ?? gone);
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
      const isOwn = previous?.cut === cut.id && (!previous.batches || isPlanned(previous, cut.pending));
      const state = isOwn ? previous : beginCut(previous, cut.id);
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
