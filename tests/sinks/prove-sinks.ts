import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "@tidemark/cli/log";
import { defaultFeatures, type SinksResponse } from "@tidemark/schema";
import { expect, vi } from "vitest";
import { type FakeCluster, startFakeCluster } from "../../packages/collector/test/sinks/kafka/fake-cluster.ts";
import { type Receiver, startReceiver } from "../../packages/collector/test/webhooks/receiver.ts";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";
import { type Load, startVisits, type Visitor } from "./visits.ts";

const WORKER = new URL("./workers/sinking.ts", import.meta.url);

/** The visitors. */
const LOAD: Load = { visitors: 6, events: 5, pauseMs: 50 };

/** Number of kills after which other visitors begin: they are bound to the partitions of that time. */
const KILLS_PER_VISITOR = 10;

/** Largest number of batches that are acknowledged between two kills. */
const MAX_BATCHES = 80;

/** Time in which the receiver responds, in milliseconds. */
const RESPONDS_MS = 20;

/** A record in a target. */
interface Sent {
  id: string;
  kind: string;
  event?: { session_id: string; tab_id: string; seq: number };
}

/** Sizes of a proof. */
interface Proof {
  kills: number;
  /** Number of pushes between two kills after which a partition is split. */
  splitAfter: number;
  /** Longest time in which the targets get everything after the last kill, in milliseconds. */
  within: number;
}

/** The results, to print. */
interface Proven {
  events: number;
  partitions: number;
  /** Number of repeated requests to the webhook. */
  repeated: number;
  /** Number of kills after a target took records and before the sink had its response, or had stored it. */
  inAttempts: number;
}

/** The sequences of each session, in the order of records. */
const sequences = (records: readonly Sent[]): Map<string, number[]> => {
  const bySession = new Map<string, number[]>();
  for (const { event } of records)
    if (event) bySession.set(event.session_id, [...(bySession.get(event.session_id) ?? []), event.seq]);
  return bySession;
};

/** Runs visits on a collector that is killed, and compares everything that it has sent and stored. */
const prove = async (
  { kills, splitAfter, within }: Proof,
  worker: Workerd,
  adminKey: string,
  cluster: FakeCluster,
  receiver: Receiver,
): Promise<Proven> => {
  let onReceived = () => {};

  // A receiver that knows the ids of requests, and responds after a while: a kill often falls into it.
  let requests = 0;
  const inWebhook: Sent[] = [];
  const bodies = new Map<string, string>();
  const changed: string[] = [];
  receiver.respond = ({ headers }, response) => {
    const id = String(headers["webhook-id"]);
    const body = receiver.received.at(-1)?.body ?? "";
    // The runtime was killed during the request.
    if (body === "") return;
    if (!bodies.has(id)) inWebhook.push(...(JSON.parse(body) as Sent[]));
    else if (bodies.get(id) !== body) changed.push(id);
    bodies.set(id, body);
    requests += 1;
    onReceived();
    setTimeout(() => response.writeHead(204).end(), RESPONDS_MS);
  };

  const visits = startVisits(worker, LOAD);
  let inAttempts = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    if (kill > 0 && kill % KILLS_PER_VISITOR === 0) visits.replace();
    await visits.acknowledge(Math.ceil(Math.random() * MAX_BATCHES));
    const before = cluster.records().length;
    // One kill in three follows a request to the webhook, one a batch in the topic, one neither.
    if (kill % 3 === 0)
      await new Promise<void>((resolve) => {
        onReceived = resolve;
      });
    else if (kill % 3 === 1)
      await vi.waitFor(() => expect(cluster.records().length).toBeGreaterThan(before), {
        timeout: 60_000,
        interval: 1,
      });
    onReceived = () => {};
    inAttempts += kill % 3 === 2 ? 0 : 1;
    await visits.crash();
  }
  // After the last kill, each session sends once more.
  await visits.end();

  const { visitors } = visits;
  const expected = visits.ids();
  const authorization = `Bearer ${adminKey}`;
  const statusOf = async () => {
    const response = await fetch(`${worker.origin}/v1/sinks?site=shop`, { headers: { authorization } });
    return ((await response.json()) as SinksResponse).sinks;
  };
  const sinks = await vi.waitFor(
    async () => {
      const sinks = await statusOf();
      for (const { sink, partitions } of sinks) {
        const lag = partitions.reduce((sum, { lag_records }) => sum + lag_records, 0);
        expect([sink, lag]).toEqual([sink, 0]);
        // Every record has one outcome, whatever was repeated.
        expect([sink, partitions.reduce((sum, { delivered }) => sum + delivered, 0)]).toEqual([sink, expected.length]);
        expect(partitions.reduce((sum, { refused, uncertain }) => sum + refused + uncertain, 0)).toBe(0);
      }
      return sinks;
    },
    { timeout: within, interval: 200 },
  );
  expect(sinks.map(({ sink }) => sink)).toEqual(["topic", "server"]);

  const inTopic = cluster.records();
  const sorted = (ids: readonly (string | undefined)[]) => [...ids].sort();
  expect(sorted(inTopic.map(({ headers }) => headers.ce_id))).toEqual(sorted(expected));
  const inOrder = visits.inOrder();
  const inPartitions = cluster.partitions.flatMap(({ records }) => [
    ...sequences(records.map(({ value }) => value as unknown as Sent)),
  ]);
  // Each session is in one partition of the topic.
  expect(inPartitions).toHaveLength(visitors.length);
  expect(new Map(inPartitions)).toEqual(inOrder);

  expect(changed).toEqual([]);
  expect(sorted(inWebhook.map(({ id }) => id))).toEqual(sorted(expected));
  expect(sequences(inWebhook)).toEqual(inOrder);

  for (const { session, acknowledged } of visitors) {
    const response = await fetch(`${worker.origin}/v1/features/session/${session}`, {
      headers: { authorization: `Bearer ${worker.readKey}` },
    });
    const vector = (await response.json()) as { features: Record<string, unknown>; delivery: Record<string, number> };
    expect(vector.features.custom_event_count, session).toBe(acknowledged);
    expect(vector.delivery).toMatchObject({ received: acknowledged, missing: 0 });
  }

  const folder = await mkdtemp(join(tmpdir(), "tidemark-sinks-"));
  const address = { url: worker.origin, adminKey };
  const cut = () => fetch(`${worker.origin}/v1/log/cut?site=shop`, { method: "POST", headers: { authorization } });
  expect((await cut()).status).toBe(200);
  const log = await openLog({ folder }, address, { id: "shop", features: defaultFeatures });
  try {
    expect(log.files.length).toBeGreaterThan(0);
    const rows = await log.database.all("SELECT session_id || '/' || tab_id || '/' || seq AS id FROM log_events");
    expect(sorted(rows.map(({ id }) => String(id)))).toEqual(sorted(expected));

    // One event under the same id in all places.
    const [visitor] = visitors as readonly [Visitor];
    const id = `${visitor.session}/${visitor.id}/0`;
    const path = { session_id: visitor.session, tab_id: visitor.id, seq: 0 };
    const inFile = await log.database.all(`SELECT "partition", "offset" FROM log_events
      WHERE session_id = '${visitor.session}' AND tab_id = '${visitor.id}' AND seq = 0`);
    const place = { partition: Number(inFile[0]?.partition), offset: Number(inFile[0]?.offset) };
    const [message] = inTopic.filter(({ headers }) => headers.ce_id === id);
    const [posted] = inWebhook.filter((each) => each.id === id);
    expect(inFile).toHaveLength(1);
    expect(message?.value).toMatchObject({ id, ...place, event: path });
    expect(message?.key).toBe(visitor.session);
    expect(posted).toEqual(message?.value);
  } finally {
    log.close();
    await rm(folder, { recursive: true });
  }
  const partitions = sinks[0]?.partitions.length ?? 0;
  if (splitAfter < kills * MAX_BATCHES) expect(partitions).toBeGreaterThan(1);
  return { events: expected.length, partitions, repeated: requests - bodies.size, inAttempts };
};

/**
 * Kills the deployed Worker, with a topic of Kafka and a webhook as sinks, while it stores events. Then compares the targets,
 * the log and the vectors with the acknowledged events. Each event is there once, in the order of its session; in the webhook
 * by the ids of its requests.
 *
 * @throws AssertionError otherwise.
 */
export const proveSinks = async (proof: Proof): Promise<Proven> => {
  const cluster = await startFakeCluster(3, 5);
  const receiver = await startReceiver();
  const adminKey = crypto.randomUUID();
  const worker = await startWorkerd(
    WORKER,
    {
      ...{ BROKERS: cluster.brokers.join(","), RECEIVER: receiver.url, SPLIT_AFTER: `${proof.splitAfter}` },
      HOOK_SECRET: `whsec_${Buffer.from("a secret of the shop".padEnd(32)).toString("base64")}`,
      TIDEMARK_ADMIN_KEY: adminKey,
    },
    {},
    { authorities: [] },
  );
  try {
    return await prove(proof, worker, adminKey, cluster, receiver);
  } finally {
    await worker.remove();
    await receiver.stop();
    await cluster.stop();
  }
};
