import type { SinkOutcome } from "../sink.ts";
import { groupBy } from "./group-by.ts";

/** Records that are sent as one batch, until the broker has acknowledged it. */
export interface PlannedBatch {
  /** Topic partition. */
  partition: number;
  /** Sequence of the first record. */
  sequence: number;
  /** Indexes of the records in the cut, in ascending order. */
  records: number[];
}

/** The producer's memory, committed with each cut and with the outcomes of each attempt. */
export interface KafkaState {
  version: 1;
  /** Id of the cut to which the batches belong. */
  cut: string;
  /** The cluster's id with the topic, to which producer and batches belong: `<cluster>/<topic>`. Absent before the first plan. */
  target?: string;
  /** The producer's id, as a decimal number, and its epoch. Absent before the first plan, and when a new one is necessary. */
  producer?: { id: string; epoch: number };
  /** The sequence of the next planned record by topic partition. Default: 0. */
  next: Record<number, number>;
  /** The batches that are not acknowledged, in the order of their records. Absent when no plan was possible yet. */
  batches?: PlannedBatch[];
  /** Whether brokers may have stored records of the cut under an earlier producer id. */
  uncertain: boolean;
}

/** Number of the sequences: the one after the last is 0. */
const SEQUENCES = 2 ** 31;

const later = (sequence: number, count: number): number => (sequence + count) % SEQUENCES;

/** The same state without plan and producer id: it goes with the sequences, and with the topic. */
export const withoutProducer = ({ version, cut, uncertain }: KafkaState): KafkaState => ({
  version,
  cut,
  uncertain,
  next: {},
});

/**
 * The state for a new cut before its plan. If the caller has given up a cut with batches that are not acknowledged, their
 * sequences may be missing on the brokers: a new producer id is necessary.
 */
export const beginCut = (previous: KafkaState | undefined, cut: string): KafkaState => {
  if (previous === undefined) return { version: 1, cut, next: {}, uncertain: false };
  const kept = previous.batches?.length ? withoutProducer(previous) : { ...previous };
  delete kept.batches;
  return { ...kept, cut, uncertain: false };
};

/** A state with a plan. */
export type PlannedState = KafkaState & Required<Pick<KafkaState, "target" | "producer" | "batches">>;

/** Whether the state has a plan, in which each pending record has its batch. */
export const isPlanned = (state: KafkaState, pending: readonly number[]): state is PlannedState => {
  if (state.target === undefined || state.producer === undefined || state.batches === undefined) return false;
  const inBatches = new Set(state.batches.flatMap(({ records }) => records));
  return pending.every((index) => inBatches.has(index));
};

/**
 * Assigns records to batches, one for each topic partition.
 *
 * @param pending Indexes of the records.
 * @param topicPartitionOf The topic partition of a record.
 */
export const planned = (
  state: KafkaState,
  { target, producer }: Pick<PlannedState, "target" | "producer">,
  pending: readonly number[],
  topicPartitionOf: (index: number) => number,
): KafkaState => {
  const next = { ...state.next };
  const batches = [...groupBy(pending, topicPartitionOf)].map(([partition, records]): PlannedBatch => {
    const sequence = next[partition] ?? 0;
    next[partition] = later(sequence, records.length);
    return { partition, sequence, records };
  });
  return { ...state, target, producer, next, batches };
};

/** The result of a batch. */
export type BatchResult =
  | { type: "delivered" }
  | { type: "retry"; reason: string; afterMs?: number }
  /** The broker accepts a part of the batch at most. */
  | { type: "split"; reason: string }
  /** A new producer id is necessary. */
  | { type: "renew"; reason: string };

/** The state after an attempt, and the outcomes of the records by index. */
interface Settled {
  state: KafkaState;
  outcomes: Map<number, SinkOutcome>;
}

/**
 * Applies the results of an attempt. A broker recognises a repeated batch by its first and last sequence. So the parts of a
 * split batch, and the batches after a refused record, are sent only after the commit of this state.
 *
 * @param resultOf The result of each batch of the state.
 */
export const settle = (state: KafkaState, resultOf: (batch: PlannedBatch) => BatchResult): Settled => {
  const outcomes = new Map<number, SinkOutcome>();
  const batches: PlannedBatch[] = [];
  const next = { ...state.next };
  /** Number of refused records by topic partition: the sequences after them move forward. */
  const refused = new Map<number, number>();
  let isRenewed = false;
  for (const batch of state.batches ?? []) {
    const { partition, records } = batch;
    const sequence = later(batch.sequence, SEQUENCES - (refused.get(partition) ?? 0));
    const result = resultOf(batch);
    const report = (outcome: SinkOutcome) => {
      for (const index of records) outcomes.set(index, outcome);
    };
    if (result.type === "delivered") report(result);
    else if (result.type === "split" && records.length === 1) {
      report({ type: "refused", reason: result.reason });
      refused.set(partition, (refused.get(partition) ?? 0) + 1);
      next[partition] = later(next[partition] ?? 0, SEQUENCES - 1);
    } else if (result.type === "split") {
      const middle = Math.ceil(records.length / 2);
      batches.push({ partition, sequence, records: records.slice(0, middle) });
      batches.push({ partition, sequence: later(sequence, middle), records: records.slice(middle) });
      report({
        type: "retry",
        reason: `${result.reason}; ${records.length} records are sent in two batches`,
        afterMs: 0,
      });
    } else {
      batches.push({ partition, sequence, records });
      isRenewed ||= result.type === "renew";
      report(result.type === "renew" ? { type: "retry", reason: result.reason, afterMs: 0 } : result);
    }
  }
  if (isRenewed) return { state: { ...withoutProducer(state), uncertain: true }, outcomes };
  return { state: { ...state, next, batches }, outcomes };
};
