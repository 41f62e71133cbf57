import { spawnSync } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import type { BatchResponse } from "@tidemark/schema";
import { type LogFile, rangesOf } from "@tidemark/schema/log";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import config from "../../tidemark.config.ts";

/** Number of times that the collector is killed. */
const KILLS = 50;

/**
 * Number of kills from one crowd to the next. A crowd splits partitions; then further visitors begin, who are bound to the
 * new partitions.
 */
const KILLS_PER_CROWD = 15;

/** Number of visitors of a crowd, who send one batch each: more than a partition takes here without a split. */
const CROWD = 1_200;

/** Number of visitors of a crowd who send at the same time. */
const CROWD_CONNECTIONS = 32;

/** Number of visitors who begin after each crowd and send until the end, each in a separate session. */
const VISITORS = 4;

/** Number of events in a batch. */
const EVENTS = 5;

/** Largest number of batches that the collector acknowledges between two kills. */
const MAX_BATCHES = 120;

const PATH = "/killed";
const KEY = config.sites[0]?.key ?? "";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({
    site: EXAMPLE_SITE,
    deployment: fileURLToPath(new URL("projects/kills", import.meta.url)),
  });
});
afterAll(() => stack?.stop());

/** A visitor, with the number of events that the collector acknowledged. */
interface Visitor {
  session: string;
  id: string;
  acknowledged: number;
}

const newVisitor = (): Visitor => {
  const id = crypto.randomUUID().slice(0, 13);
  return { session: `demo.${id}`, id, acknowledged: 0 };
};

const batchOf = ({ session, id }: Visitor, first: number) => {
  const now = Date.now();
  return {
    v: 1,
    key: KEY,
    sent_at: now,
    session_id: session,
    anonymous_id: id,
    tab_id: id,
    sdk: "test/1",
    views: [{ view_id: id, started_at: now, url: `https://shop.example${PATH}`, path: PATH }],
    events: Array.from({ length: EVENTS }, (_, index) => ({
      type: "page_view",
      seq: first + index,
      time: now,
      view_id: id,
      cause: "load",
    })),
  };
};

/**
 * Sends a batch until it is acknowledged, like a tracker: after a failed request, the batch may or may not be stored.
 */
const deliver = async (batch: object, isUp: () => Promise<void>): Promise<BatchResponse> => {
  for (;;) {
    await isUp();
    const response = await fetch(`${stack.collector.origin}/v1/events`, {
      method: "POST",
      body: JSON.stringify(batch),
    }).catch(() => undefined);
    const body = response?.ok && (await response.json().catch(() => undefined));
    if (body) return body;
  }
};

const vectorOf = async (entity: string, id: string) => {
  const response = await fetch(`${stack.collector.origin}/v1/features/${entity}/${encodeURIComponent(id)}`, {
    headers: { authorization: `Bearer ${stack.readKey}` },
  });
  return (await response.json()) as { features?: Record<string, unknown>; delivery?: Record<string, number> };
};

/** Lets the collector write the records of the log into files. It may be killed meanwhile. */
const cut = () =>
  fetch(`${stack.collector.origin}/v1/log/cut?site=demo`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.adminKey}` },
  }).catch(() => undefined);

/** Lets the collector merge the files of the log. It may be killed meanwhile. */
const compact = () =>
  fetch(`${stack.collector.origin}/v1/log/compact?site=demo`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.adminKey}` },
  }).catch(() => undefined);

/** Runs a command on the collector. Returns its standard output. */
const tidemark = (...args: string[]): string => {
  const env = { ...process.env, TIDEMARK_URL: stack.collector.origin, TIDEMARK_ADMIN_KEY: stack.adminKey };
  const main = `${ROOT}packages/cli/src/main.ts`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: ROOT, encoding: "utf8", env });
  expect(status, stderr).toBe(0);
  return stdout;
};

/** The events of each session in the log: rows, different ones, and rows that arrived in another order than sent. */
const EVENTS_IN_LOG = `
  SELECT session_id, COUNT(*) AS events, COUNT(DISTINCT event_id) AS different, COUNT(*) FILTER (arrival <> seq + 1) AS moved
  FROM events WHERE type = 'page_view' GROUP BY session_id`;

interface EventsInLog {
  session_id: string;
  events: number;
  different: number;
  moved: number;
}

it(`loses no acknowledged event and stores no event twice when the collector is killed ${KILLS} times`, async () => {
  const visitors: Visitor[] = [];
  const crowds: Visitor[] = [];
  const traffic: Promise<void>[] = [];
  let hasEnded = false;
  /** Resolves once the collector runs again. */
  let up = Promise.resolve();
  /** Called for each acknowledgement. */
  let onAcknowledged = () => {};

  const sendBatch = async (visitor: Visitor) => {
    const { accepted, duplicates, rejected } = await deliver(batchOf(visitor, visitor.acknowledged), () => up);
    expect([accepted + duplicates, rejected]).toEqual([EVENTS, []]);
    visitor.acknowledged += EVENTS;
    onAcknowledged();
  };
  const sendUntilEnd = async (visitor: Visitor) => {
    while (!hasEnded) await sendBatch(visitor);
  };
  const sendCrowd = async () => {
    const crowd = Array.from({ length: CROWD }, newVisitor);
    crowds.push(...crowd);
    const left = crowd.values();
    const connection = async () => {
      for (const visitor of left) await sendBatch(visitor);
    };
    await Promise.all(Array.from({ length: CROWD_CONNECTIONS }, connection));
  };

  for (let kill = 1; kill <= KILLS; kill += 1) {
    if (kill % KILLS_PER_CROWD === 1) {
      await sendCrowd();
      const begun = Array.from({ length: VISITORS }, newVisitor);
      visitors.push(...begun);
      traffic.push(...begun.map(sendUntilEnd));
    }
    const wanted = Math.ceil(Math.random() * MAX_BATCHES);
    void cut();
    void compact();
    await new Promise<void>((resolve) => {
      let batches = 0;
      onAcknowledged = () => {
        batches += 1;
        if (batches === wanted) resolve();
      };
    });
    let resume = () => {};
    up = new Promise((resolve) => {
      resume = resolve;
    });
    await stack.collector.kill();
    const acknowledged = visitors.map((visitor) => visitor.acknowledged);
    await stack.collector.restart();
    for (const [index, { session }] of visitors.entries()) {
      const { delivery } = await vectorOf("session", session);
      expect(delivery?.received, `${session} after kill ${kill}`).toBeGreaterThanOrEqual(acknowledged[index] ?? 0);
    }
    resume();
  }
  hasEnded = true;
  await Promise.all(traffic);

  for (const { session, id, acknowledged } of visitors) {
    const { features, delivery } = await vectorOf("session", session);
    expect(features?.page_view_count, session).toBe(acknowledged);
    expect(delivery).toMatchObject({ received: acknowledged, missing: 0, rejected: 0 });
    await expect
      .poll(async () => (await vectorOf("user", id)).features?.user_page_views_7d, { timeout: 60_000 })
      .toBe(acknowledged);
  }
  const everybody = [...visitors, ...crowds];
  const total = everybody.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  await expect.poll(async () => (await vectorOf("page", PATH)).features?.page_views, { timeout: 60_000 }).toBe(total);

  const readLog = () =>
    tidemark("log", "query", EVENTS_IN_LOG, "--json")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as EventsInLog);
  const logged = new Map(readLog().map((each) => [each.session_id, each]));
  for (const { session, acknowledged } of everybody) {
    const inLog = { session_id: session, events: acknowledged, different: acknowledged, moved: 0 };
    expect(logged.get(session)).toEqual(inLog);
  }
  await cut();
  await compact();
  const files = tidemark("log", "files", "--json")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LogFile);
  const compacted = files.filter((file) => "ranges" in file);
  expect(new Set(compacted.flatMap(rangesOf).map(({ partition }) => partition)).size).toBeGreaterThan(2);
  expect(readLog().reduce((sum, { events }) => sum + events, 0)).toBe(total);
  expect(tidemark("log", "verify")).toMatch(/: 0 disagreements\.$/m);

  await cut();
  await stack.collector.kill();
  const lostFiles = globSync(`${stack.collector.state}/**/*-{EntityShard,Partition}/*.sqlite*`);
  expect(lostFiles.length).toBeGreaterThan(16);
  for (const path of lostFiles) rmSync(path);
  await stack.collector.restart();
  const lost = newVisitor();
  // Restarted sessions repeat pushes whose confirmation they have not stored.
  const further = Promise.all([...visitors, lost].map(sendBatch));
  expect(tidemark("rebuild")).toMatch(/^Rebuilt \d+ states of 16 objects/);
  await further;
  await expect
    .poll(async () => (await vectorOf("page", PATH)).features?.page_views, { timeout: 60_000 })
    .toBe(total + (visitors.length + 1) * EVENTS);
  for (const { id, acknowledged } of [...visitors, lost])
    expect((await vectorOf("user", id)).features?.user_page_views_7d, id).toBe(acknowledged);
  expect(tidemark("log", "verify")).toMatch(/: 0 disagreements\.$/m);
});
