import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeCluster, startFakeCluster } from "../../packages/collector/test/sinks/kafka/fake-cluster.ts";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";

let cluster: FakeCluster;
let worker: Workerd;
beforeAll(async () => {
  cluster = await startFakeCluster(3, 5);
  cluster.user = { username: "alice", password: "secret" };
  worker = await startWorkerd(
    new URL("../sinks/workers/kafka-feed.ts", import.meta.url),
    { KAFKA_PASSWORD: "secret" },
    {},
    { objects: [{ name: "FEED", class_name: "Feed" }], authorities: [] },
  );
});
afterAll(async () => {
  await worker?.remove();
  await cluster?.stop();
});

const call = async (method: string, body?: unknown): Promise<{ left: number }> => {
  const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  return (await (await fetch(`${worker.origin}/feed/${method}`, request)).json()) as { left: number };
};

describe("a sink of Kafka in a Worker", () => {
  it("sends each record once, in the order of its session, although the runtime is killed", async () => {
    const sasl = { mechanism: "PLAIN", username: "alice", passwordSecret: "KAFKA_PASSWORD" };
    await call("begin", { type: "kafka", brokers: cluster.brokers, topic: "events", sasl });
    let seq = 0;
    for (let kill = 0; kill < 4; kill++) {
      const events = Array.from({ length: 25 }, () => ({ session: `session ${++seq % 10}`, seq }));
      await call("add", events);
      // The runtime ends after the answer of a broker, and before its commit.
      await expect.poll(() => cluster.records().length).toBeGreaterThan(25 * kill);
      await worker.kill();
      await worker.restart();
      await call("wake");
    }
    await expect.poll(async () => (await call("status")).left).toBe(0);
    // An open connection would keep the object in memory.
    await expect.poll(() => cluster.connections.filter(({ isOpen }) => isOpen)).toEqual([]);
    const ids = cluster.records().map(({ headers }) => headers.ce_id);
    expect(ids).toHaveLength(100);
    expect(new Set(ids).size).toBe(100);
    for (const { records } of cluster.partitions) {
      const latest = new Map<string, number>();
      for (const { key, headers } of records) {
        const seq = Number(headers.ce_id?.split("/").at(-1));
        expect(seq).toBeGreaterThan(latest.get(key) ?? 0);
        latest.set(key, seq);
      }
    }
  });
});
