import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "@tidemark/cli/log";
import type { BatchResponse } from "@tidemark/schema";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MixedReleases, mixReleases, OBJECTS, type Placement, type Release } from "./mixed-releases.ts";
import config from "./projects/releases/tidemark.config.ts";

/** The compressed scripts of recorded releases, from `projects/releases/worker.ts` of their commits. */
const RECORDED = new URL("releases/", import.meta.url);
const CURRENT = new URL("projects/releases/worker.ts", import.meta.url);

const SECRETS = {
  TIDEMARK_READ_KEY: "read-key",
  TIDEMARK_ADMIN_KEY: "admin-key",
  SHOP_WEBHOOK: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
};
const KEY = "tm_shop_aaaaaaaa";
const PATH = "/upgraded";

const all = (release: Release): Placement => ({
  main: release,
  ...(Object.fromEntries(OBJECTS.map((name) => [name, release])) as Record<(typeof OBJECTS)[number], Release>),
});

/**
 * The placements of a rollout, in order: the platform moves requests and each object at different times. Each caller meets
 * each object in both releases.
 */
const ROLLOUT: [title: string, placement: Placement][] = [
  ["the earlier release", all("earlier")],
  ["requests only", { ...all("earlier"), main: "current" }],
  ["all but requests", { ...all("current"), main: "earlier" }],
  ["all but sessions", { ...all("current"), Session: "earlier" }],
  ["all but partitions", { ...all("current"), Partition: "earlier" }],
  ["all but shards and writers of the log", { ...all("current"), EntityShard: "earlier", LogWriter: "earlier" }],
  ["the current release", all("current")],
  ["the earlier release again", all("earlier")],
  ["the current release again", all("current")],
];

/** Visitors from the beginning, who stay, and visitors who begin with each placement. */
const VISITORS = 6;
const NEW_VISITORS = 3;

/** Number of batches of a visitor with each placement, and of events in a batch. */
const BATCHES = 2;
const EVENTS = 4;

interface Visitor {
  session_id: string;
  anonymous_id: string;
  sent: number;
}

let visitors = 0;
const newVisitor = (): Visitor => {
  visitors += 1;
  return { session_id: `shop.session-${visitors}`, anonymous_id: `browser-${visitors}`, sent: 0 };
};

/** The server that receives messages, and the ids of those that it has received. */
const received: string[] = [];
let status = 503;
const receiver = createServer((request, response) => {
  received.push(String(request.headers["webhook-id"]));
  response.writeHead(status).end();
});

let releases: MixedReleases;
beforeAll(async () => {
  const earlier = (await readdir(RECORDED)).sort().at(-1) as string;
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  const { port } = receiver.address() as AddressInfo;
  releases = await mixReleases(new URL(earlier, RECORDED), CURRENT, SECRETS, port);
});
afterAll(async () => {
  await releases?.remove();
  receiver.closeAllConnections();
  receiver.close();
});

const batchOf = ({ session_id, anonymous_id }: Visitor, first: number) => {
  const now = Date.now();
  const event = (index: number) => ({
    type: "page_view",
    seq: first + index,
    time: now,
    view_id: "view-0001",
    cause: "load",
  });
  return {
    ...{ v: 1, key: KEY, sent_at: now, session_id, anonymous_id, tab_id: "tab-00001", sdk: "test/1" },
    views: [{ view_id: "view-0001", started_at: now, url: `https://shop.example${PATH}`, path: PATH }],
    events: Array.from({ length: EVENTS }, (_, index) => event(index)),
  };
};

const post = async (batch: object): Promise<BatchResponse> => {
  const response = await fetch(`${releases.origin}/v1/events`, { method: "POST", body: JSON.stringify(batch) });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
};

/** Sends new batches of a visitor, and each of them again. */
const visit = async (visitor: Visitor) => {
  for (let count = 0; count < BATCHES; count += 1) {
    const batch = batchOf(visitor, visitor.sent);
    expect(await post(batch)).toMatchObject({ accepted: EVENTS, duplicates: 0, rejected: [] });
    visitor.sent += EVENTS;
    expect(await post(batch)).toMatchObject({ accepted: 0, duplicates: EVENTS });
  }
};

const vectorOf = async (entity: string, id: string) => {
  const response = await fetch(`${releases.origin}/v1/features/${entity}/${encodeURIComponent(id)}`, {
    headers: { authorization: "Bearer read-key" },
  });
  return (await response.json()) as { features?: Record<string, unknown>; delivery?: Record<string, number> };
};

/** Writes the records that are in no file into files of the log. */
const cutLog = () =>
  fetch(`${releases.origin}/v1/log/cut?site=shop`, { method: "POST", headers: { authorization: "Bearer admin-key" } });

const expectCut = async (title: string) => {
  const response = await cutLog();
  expect(response.status, `${title}: ${await response.text()}`).toBe(200);
};

/** Counts the events of each session in the log, and returns them with the number of the log's files. */
const readLog = async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-upgrade-"));
  const address = { url: releases.origin, adminKey: "admin-key" };
  const log = await openLog({ folder }, address, { id: "shop", features: config.features });
  try {
    const sessions = await log.database.all(
      "SELECT session_id, count(*)::INTEGER AS events, count(DISTINCT seq)::INTEGER AS different, max(arrival)::INTEGER AS arrivals FROM log_events GROUP BY ALL ORDER BY session_id",
    );
    return { sessions, files: log.files.length };
  } finally {
    log.close();
    await rm(folder, { recursive: true, force: true });
  }
};

/** The number of goals in the metrics. A runtime that ends loses its latest counts. */
const goals = async (): Promise<number> => {
  const response = await fetch(`${releases.origin}/metrics`, { headers: { authorization: "Bearer admin-key" } });
  return Number(/^tidemark_goals_total\{.*\} (\d+)$/m.exec(await response.text())?.[1] ?? 0);
};

it("continues all stored state when an earlier release is replaced part by part, and back", async () => {
  const staying = Array.from({ length: VISITORS }, newVisitor);
  const everybody = [...staying];
  for (const [title, placement] of ROLLOUT) {
    await releases.place(placement);
    const beginning = Array.from({ length: NEW_VISITORS }, newVisitor);
    everybody.push(...beginning);
    await Promise.all([...[...staying, ...beginning].map(visit), expectCut(title)]);
    for (const { session_id, sent } of [...staying, ...beginning]) {
      const { features, delivery } = await vectorOf("session", session_id);
      expect(features?.page_view_count, `${session_id}, ${title}`).toBe(sent);
      expect(delivery, `${session_id}, ${title}`).toMatchObject({ received: sent, missing: 0, rejected: 0 });
    }
    // The end of the runtime interrupts it.
    cutLog().catch(() => {});
  }
  // Each session sends again what its partition has not confirmed, without the minute until its alarm.
  await Promise.all(everybody.map(visit));
  const timeout = { timeout: 60_000 };
  for (const { anonymous_id, sent } of everybody)
    await expect
      .poll(async () => (await vectorOf("user", anonymous_id)).features?.user_page_views_7d, timeout)
      .toBe(sent);
  const total = everybody.reduce((sum, { sent }) => sum + sent, 0);
  await expect.poll(async () => (await vectorOf("page", PATH)).features?.page_views, timeout).toBe(total);

  const expected = everybody.map(({ session_id, sent }) => ({
    ...{ session_id, events: sent, different: sent, arrivals: sent },
  }));
  expected.sort((one, other) => (one.session_id < other.session_id ? -1 : 1));
  // A vector includes pushes that are not written yet, the log does not.
  await expect.poll(async () => (await readLog()).sessions, timeout).toEqual(expected);
  expect((await readLog()).files).toBeGreaterThan(0);

  // An earlier release keeps the goals of a session, which count once.
  await expect.poll(goals, timeout).toBeGreaterThan(NEW_VISITORS);
  expect(await goals()).toBeLessThanOrEqual(everybody.length);
}, 120_000);

it("keeps a message that waits for its receiver while an earlier release runs, which sends none", async () => {
  const visitor = newVisitor();
  const buy = () => {
    const { events, ...batch } = batchOf(visitor, visitor.sent);
    visitor.sent += 1;
    return post({
      ...batch,
      views: [],
      events: [{ type: "custom", seq: events[0]?.seq, time: Date.now(), name: "buy" }],
    });
  };
  await releases.place(all("current"));
  await buy();
  await expect.poll(() => received.length, { timeout: 30_000 }).toBeGreaterThan(0);

  await releases.place(all("earlier"));
  const before = received.length;
  await visit(visitor);
  expect(received).toHaveLength(before);

  status = 204;
  await releases.place(all("current"));
  const delivered = async () => {
    await buy();
    return received.length;
  };
  await expect.poll(delivered, { timeout: 30_000, interval: 500 }).toBeGreaterThan(before);
  expect(new Set(received).size).toBe(1);
  expect((await vectorOf("session", visitor.session_id)).delivery).toMatchObject({
    received: visitor.sent,
    missing: 0,
  });
}, 120_000);
