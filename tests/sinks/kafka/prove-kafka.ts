import { setTimeout as sleep } from "node:timers/promises";
import type { SinkProgress, SinksResponse } from "@tidemark/schema";
import { expect, vi } from "vitest";
import { startWorkerd, type Workerd } from "../../workerd/workerd.ts";
import { type Acknowledged, type Load, startVisits, type Visits } from "../visits.ts";
import type { KafkaCluster } from "./kafka-brokers.ts";
import { createTopic, followTopic, readTopic, type TopicRecord } from "./read-topic.ts";

const WORKER = new URL("../workers/sinking.ts", import.meta.url);

/** Number of partitions of a topic. */
const TOPIC_PARTITIONS = 6;

/** A collector whose only sink is a topic. */
export interface Collector {
  worker: Workerd;
  topic: string;
  /** The progress of the sink, for each partition of the site. */
  progress(): Promise<SinkProgress[]>;
}

/** Differences of a collector. */
interface CollectorOptions {
  /** Number of pushes after which a partition is split. Default: none is split. */
  splitAfter?: number;
  /** Time between a broker's answer and its commit, in milliseconds: a crash often falls into it. Default: 0. */
  commitAfterMs?: number;
}

/** Creates a topic, and starts the deployed Worker with this topic as its only sink. */
export const startCollector = async (
  kafka: KafkaCluster,
  topic: string,
  { splitAfter = Number.MAX_SAFE_INTEGER, commitAfterMs = 0 }: CollectorOptions = {},
): Promise<Collector> => {
  await createTopic(kafka.client, topic, TOPIC_PARTITIONS);
  const adminKey = crypto.randomUUID();
  const brokers = kafka.brokers.map(({ addresses }) => addresses.plain);
  const worker = await startWorkerd(
    WORKER,
    {
      ...{ BROKERS: brokers.join(), TOPIC: topic, SPLIT_AFTER: `${splitAfter}`, COMMIT_AFTER_MS: `${commitAfterMs}` },
      TIDEMARK_ADMIN_KEY: adminKey,
    },
    {},
    { authorities: [] },
  );
  const progress = async () => {
    const headers = { authorization: `Bearer ${adminKey}` };
    const response = await fetch(`${worker.origin}/v1/sinks?site=shop`, { headers });
    const { sinks } = (await response.json()) as SinksResponse;
    return sinks.flatMap(({ partitions }) => partitions);
  };
  return { worker, topic, progress };
};

const sumOf = (partitions: readonly SinkProgress[], field: "lag_records" | "delivered" | "refused" | "uncertain") =>
  partitions.reduce((sum, each) => sum + each[field], 0);

/**
 * Waits until the sink has no lag. Then expects each acknowledged event once in the topic, and those of each session in
 * order and in one topic partition, for consumers of both isolation levels. The sink has counted each event once.
 *
 * @param within Longest time without lag, in milliseconds.
 * @returns The number of partitions of the site.
 */
export const expectAllOnce = async (
  kafka: KafkaCluster,
  { topic, progress }: Collector,
  visits: Visits,
  within: number,
): Promise<number> => {
  const ids = visits.ids().toSorted();
  const partitions = await vi.waitFor(
    async () => {
      const partitions = await progress();
      expect(sumOf(partitions, "lag_records")).toBe(0);
      expect(sumOf(partitions, "delivered")).toBe(ids.length);
      return partitions;
    },
    { timeout: within, interval: 200 },
  );
  for (const readUncommitted of [false, true]) {
    const records = await readTopic(kafka.client, topic, readUncommitted);
    const found = records.map(({ id }) => id);
    // The counts first: an error about thousands of ids says little.
    const counts = { records: found.length, distinct: new Set(found).size };
    expect(counts).toEqual({ records: ids.length, distinct: ids.length });
    expect(found.toSorted()).toEqual(ids);
    expect(sequencesOf(records)).toEqual(visits.inOrder());
    expect(new Set(records.map(({ key, partition }) => `${key} in ${partition}`)).size).toBe(visits.visitors.length);
  }
  expect([sumOf(partitions, "refused"), sumOf(partitions, "uncertain")]).toEqual([0, 0]);
  return partitions.length;
};

/** The numbers of events by session, in the order of the topic. */
const sequencesOf = (records: readonly TopicRecord[]): Map<string, number[]> => {
  const bySession = new Map<string, number[]>();
  for (const { value } of records) {
    const { session_id, seq } = value.event;
    const sequence = bySession.get(session_id) ?? [];
    sequence.push(seq);
    bySession.set(session_id, sequence);
  }
  return bySession;
};

/** Numbers of kills. */
interface Kills {
  runtime: number;
  brokers: number;
}

/** The visitors during kills. */
const LOAD: Load = { visitors: 6, events: 5, pauseMs: 50 };

/** Number of kills of the runtime after which other visitors begin: they are bound to the partitions of that time. */
const KILLS_PER_VISITOR = 10;

/** Largest number of batches that are acknowledged between two kills. */
const MAX_BATCHES = 40;

/** Time between a broker's answer and its commit, in milliseconds. */
const COMMIT_AFTER_MS = 30;

/** Longest time for which a kill waits for a record in the topic, in milliseconds: a broker may be away. */
const RECORD_WITHIN_MS = 3_000;

/** Time for which a broker is away, in milliseconds. */
const AWAY_MS = 2_000;

/** Longest time after the last kill, in milliseconds. After a crash, objects without further events continue in a minute. */
const WITHIN_MS = 120_000;

/** The results, to print. */
interface Proven {
  events: number;
  partitions: number;
  /** Number of kills after a consumer had a record, and before the sink could store the broker's answer. */
  inAttempts: number;
}

/** Kills the broker that leads the topic partition with the most records, and starts it again. */
const killLeader = async (kafka: KafkaCluster, topic: string, killed: Set<number>): Promise<void> => {
  const admin = kafka.client.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const used = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  const leaders = (topics[0]?.partitions ?? [])
    .toSorted((one, other) => (used.get(other.partitionId) ?? 0) - (used.get(one.partitionId) ?? 0))
    .filter(({ partitionId }) => (used.get(partitionId) ?? 0) > 0)
    .map(({ leader }) => leader);
  // Each broker once, if it leads a topic partition with records.
  const leader = leaders.find((id) => !killed.has(id)) ?? leaders[0];
  const broker = kafka.brokers.find(({ id }) => id === leader);
  expect(broker, "a broker that leads a topic partition with records").toBeDefined();
  killed.add(leader as number);
  await broker?.kill();
  await sleep(AWAY_MS);
  await broker?.restart();
};

/**
 * Kills the runtime and brokers while a collector stores events and sends them to a topic. Then compares the topic with the
 * acknowledged events.
 *
 * @throws AssertionError unless each event is in the topic once, and those of a session in order.
 */
export const proveKills = async (kafka: KafkaCluster, topic: string, kills: Kills): Promise<Proven> => {
  const collector = await startCollector(kafka, topic, { splitAfter: 25, commitAfterMs: COMMIT_AFTER_MS });
  let onRecord = () => {};
  const following = await followTopic(kafka.client, topic, () => onRecord());
  try {
    const visits = startVisits(collector.worker, LOAD);
    const killed = new Set<number>();
    let killingBroker = Promise.resolve();
    let inAttempts = 0;
    for (let kill = 0; kill < kills.runtime; kill += 1) {
      if (kill > 0 && kill % KILLS_PER_VISITOR === 0) visits.replace();
      if ((kill + 1) % Math.floor(kills.runtime / (kills.brokers + 1)) === 0 && killed.size < kills.brokers) {
        await killingBroker;
        killingBroker = killLeader(kafka, topic, killed);
        // A failure is that of the end.
        killingBroker.catch(() => {});
      }
      await visits.acknowledge(Math.ceil(Math.random() * MAX_BATCHES));
      // Two of three kills follow a record in the topic.
      if (kill % 3 !== 2) {
        const hasRecord = new Promise<boolean>((resolve) => {
          onRecord = () => resolve(true);
        });
        if (await Promise.race([hasRecord, sleep(RECORD_WITHIN_MS, false)])) inAttempts += 1;
        onRecord = () => {};
      }
      await visits.crash();
    }
    await killingBroker;
    expect(killed.size).toBe(kills.brokers);
    await visits.end();
    const partitions = await expectAllOnce(kafka, collector, visits, WITHIN_MS);
    expect(partitions).toBeGreaterThan(1);
    return { events: visits.ids().length, partitions, inAttempts };
  } finally {
    await following.stop();
    await collector.worker.remove();
  }
};

/** Time for which the first records are not measured, in milliseconds. */
const WARM_UP_MS = 5_000;

/** Time for which records are measured, in milliseconds. */
const MEASURED_MS = 20_000;

/** Longest time from the last acknowledgement to the last record, in milliseconds. */
const LAST_WITHIN_MS = 10_000;

/**
 * The times from the acknowledgements of events to a consumer's receipt of their records, in milliseconds, while visitors
 * send batches.
 */
export const measureLag = async (kafka: KafkaCluster, topic: string, load: Load): Promise<number[]> => {
  const collector = await startCollector(kafka, topic);
  const receivedAt = new Map<string, number>();
  const following = await followTopic(kafka.client, topic, ({ id }) => receivedAt.set(id, Date.now()));
  try {
    const acknowledgedAt = new Map<string, number>();
    const from = Date.now() + WARM_UP_MS;
    const onAcknowledged = ({ ids, at }: Acknowledged) => {
      if (at >= from && at < from + MEASURED_MS) for (const id of ids) acknowledgedAt.set(id, at);
    };
    const visits = startVisits(collector.worker, { ...load, onAcknowledged });
    await sleep(WARM_UP_MS + MEASURED_MS);
    await visits.end();
    await vi.waitFor(
      () => {
        const missing = [...acknowledgedAt.keys()].filter((id) => !receivedAt.has(id));
        expect(missing).toEqual([]);
      },
      { timeout: LAST_WITHIN_MS, interval: 50 },
    );
    return [...acknowledgedAt].map(([id, at]) => (receivedAt.get(id) ?? Number.NaN) - at);
  } finally {
    await following.stop();
    await collector.worker.remove();
  }
};
