import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const IDLE = {
  ...{ partition: 0, paused: false, lag_records: 0, lag_ms: 0, delivered: 12, refused: 1, uncertain: 0, failures: 0 },
  ...{
    attempts: { complete: 3, partial: 0, failed: 0 },
    delivered_at: 1_795_944_600_000,
    retry_at: null,
    reason: null,
  },
};

const SINKS = [
  { sink: "orders", type: "webhook", partitions: [IDLE, { ...IDLE, partition: 1, paused: true, lag_records: 7 }] },
  {
    ...{ sink: "topic", type: "kafka" },
    partitions: [{ ...IDLE, lag_records: 40, lag_ms: 61_000, failures: 3, reason: "no broker responded" }],
  },
];

const LETTER = {
  ...{ at: 1_795_944_600_000, id: "shop.s1/tab/7", kind: "event", partition: 0, offset: 1_048_583 },
  ...{ received_at: 1_795_944_500_000, reason: "the receiver responded with status 400" },
};

/** A collector with these responses by method and path, and the requests that it has received. */
const serve = async (responses: Record<string, object>): Promise<{ url: string; requests: string[] }> => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const body = responses[`${request.method} ${request.url}`];
    const error = { error: { code: "not_found", message: 'Site shop has no sink "none"; expected orders, topic.' } };
    response.writeHead(body ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(body ?? error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
};

const env = { TIDEMARK_ADMIN_KEY: "the-admin-key" };
const run = (url: string, ...args: string[]) => runTidemark(deploymentFolder(), ["sinks", ...args, "--url", url], env);

describe("tidemark sinks", () => {
  it("status shows each partition of each sink, with the admin key", async () => {
    const { url, requests } = await serve({ "GET /v1/sinks?site=shop": { sinks: SINKS } });
    const { code, stdout, stderr } = await run(url, "status");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^orders +webhook +0 +0 +0 +12 +1 +up to date$/m);
    expect(stdout).toMatch(/^orders +webhook +1 +7 +0 +12 +1 +paused$/m);
    expect(stdout).toMatch(/^topic +kafka +0 +40 +61 +12 +1 +failed 3 times: no broker responded$/m);
    expect(requests).toEqual(["GET /v1/sinks?site=shop Bearer the-admin-key"]);
    const rows = SINKS.flatMap(({ sink, type, partitions }) => partitions.map((each) => ({ sink, type, ...each })));
    expect((await run(url, "status", "--json")).json()).toEqual(rows);
  });

  it("pause, resume and replay change a sink", async () => {
    const replay = "POST /v1/sinks/orders/replay?site=shop&from=2026-11-29T00%3A00%3A00.000Z";
    const { url } = await serve({
      "POST /v1/sinks/orders/pause?site=shop": { sink: "orders", partitions: 1 },
      "POST /v1/sinks/orders/resume?site=shop": { sink: "orders", partitions: 2 },
      [replay]: { sink: "orders", partitions: 2 },
    });
    expect((await run(url, "pause", "orders")).stdout).toBe("Paused sink orders in 1 partition.\n");
    expect((await run(url, "resume", "orders")).stdout).toBe("Resumed sink orders in 2 partitions.\n");
    const replayed = await run(url, "replay", "orders", "--from", "2026-11-29");
    expect(replayed.stdout).toBe("Sink orders begins again in 2 partitions.\n");
  });

  it("dead-letters lists refused records", async () => {
    const { url } = await serve({ "GET /v1/sinks/orders/dead-letters?site=shop": { dead_letters: [LETTER] } });
    expect((await run(url, "dead-letters", "orders")).stdout).toContain("the receiver responded with status 400");
    expect((await run(url, "dead-letters", "orders", "--json")).json()).toEqual([LETTER]);
  });

  it("explains a wrong command line, and an unknown sink", async () => {
    const { url } = await serve({});
    expect(await run(url, "pause")).toMatchObject({ code: 2 });
    expect(await run(url, "replay", "orders")).toMatchObject({ code: 2 });
    const { code, stderr } = await run(url, "pause", "none");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('Site shop has no sink "none"; expected orders, topic.'),
    ]);
  });
});
