import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { durationsOf } from "./durations.ts";
import { type KafkaCluster, startKafka } from "./kafka/kafka-brokers.ts";
import { expectAllOnce, startCollector } from "./kafka/prove-kafka.ts";
import { type Load, startVisits } from "./visits.ts";

/** Time without brokers, and the time before it, in milliseconds. */
const [OUTAGE_MS, BEFORE_MS] = [600_000, 60_000];

/** Four batches a second. */
const LOAD: Load = { visitors: 8, events: 5, pauseMs: 2_000 };

/** Longest time from the brokers' return to the sink's next attempt, and until everything is sent, in milliseconds. */
const WITHIN_MS = 300_000 + 120_000;

/** Largest number of waiting records without an outage: those of 20 seconds. */
const USUAL_LAG = 400;

let kafka: KafkaCluster;
beforeAll(async () => {
  kafka = await startKafka();
}, 600_000);
afterAll(() => kafka?.stop());

it("an outage of all brokers for ten minutes loses nothing, repeats nothing, and does not hold up batches", {
  timeout: BEFORE_MS + OUTAGE_MS + WITHIN_MS + 300_000,
}, async () => {
  const collector = await startCollector(kafka, "outage");
  const { worker, progress } = collector;
  try {
    let latencies: number[] = [];
    const onAcknowledged = ({ sentAt, at }: { sentAt: number; at: number }) => latencies.push(at - sentAt);
    const visits = startVisits(worker, { ...LOAD, onAcknowledged });
    const lag = async () => (await progress()).reduce((sum, { lag_records }) => sum + lag_records, 0);

    await sleep(BEFORE_MS);
    const before = durationsOf(latencies);
    expect(await lag()).toBeLessThan(USUAL_LAG);
    await Promise.all(kafka.brokers.map((broker) => broker.kill()));
    latencies = [];
    const sent = visits.ids().length;
    await sleep(OUTAGE_MS);
    const during = durationsOf(latencies);
    const waiting = await lag();
    console.log({ before, during, waiting, reasons: (await progress()).map(({ reason }) => reason) });
    expect(waiting).toBeGreaterThan(0.9 * (visits.ids().length - sent));
    // As many batches in the same time, and about as fast.
    expect(during.count / OUTAGE_MS).toBeGreaterThan((0.9 * before.count) / BEFORE_MS);
    expect(during.p50).toBeLessThan(2 * before.p50 + 10);

    await Promise.all(kafka.brokers.map((broker) => broker.restart()));
    const returnedAt = Date.now();
    await vi.waitFor(async () => expect(await lag()).toBeLessThan(USUAL_LAG), { timeout: WITHIN_MS, interval: 500 });
    console.log(`the sink has caught up ${Math.round((Date.now() - returnedAt) / 1_000)} s after the brokers' return`);
    await visits.end();
    await expectAllOnce(kafka, collector, visits, WITHIN_MS);
    console.log(`${visits.ids().length} events, each once`);
  } finally {
    await worker.remove();
  }
});
