import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unpackRecords } from "../../src/records/packed-records.ts";
import { accept, batch, batchFor, custom, errorOf, newSession, request, rollupVectorOf } from "../workers/client.ts";
import { traffic } from "../workers/worker.ts";

/** Whether no stream reads. */
let isPaused = false;

// Waits of one and two seconds, for the log and between reads, take a hundredth of it.
beforeEach(() => {
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation(async (ms, options) => {
    if (ms !== 1_000 && ms !== 2_000) return wait(ms, options);
    await wait(ms / 100);
    if (ms !== 2_000) return;
    while (isPaused) await wait(5);
    vi.setSystemTime(Date.now() + ms);
  });
});

afterEach(() => {
  isPaused = false;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const open = (path: string, headers: Record<string, string> = {}) =>
  request(`/v1/features/${path}`, { headers: { authorization: "Bearer shop-read-key", ...headers } });

/** Opens a stream. Returns a function that reads its next part. */
const stream = async (path: string, headers?: Record<string, string>) => {
  const response = await open(path, headers);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader?.read())?.value;
  /** The next part that is no comment. */
  const nextVector = async (): Promise<string | undefined> => {
    const part = await next();
    return part === ":\n\n" ? nextVector() : part;
  };
  return { next, nextVector, cancel: () => reader?.cancel() };
};

const COUNT = "stream?features=event_count";

const begin = async (more = {}) => {
  const session_id = newSession();
  await accept(batch([custom(0)], { session_id, ...more }));
  return session_id;
};

describe("a stream of a session", () => {
  it("has the vector, each change of its selection, and a comment while nothing changes", async () => {
    const session_id = await begin();
    const { next, nextVector, cancel } = await stream(`session/${session_id}/${COUNT}`);
    const first = await next();
    expect(first).toMatch(/^retry: 1000\n\nid: [\w-]{22}\ndata: \{.*"features":\{"event_count":1\}.*\}\n\n$/);
    expect(await next()).toBe(":\n\n");
    await accept(batch([custom(1)], { session_id }));
    expect(await nextVector()).toMatch(/^id: [\w-]{22}\ndata: \{.*"features":\{"event_count":2\}.*\}\n\n$/);
    await cancel();
  });

  it("goes on from the latest id, and ends after a minute", async () => {
    const session_id = await begin();
    const path = `session/${session_id}/${COUNT}`;
    const first = await stream(path);
    const [, id = ""] = /id: (.*)/.exec((await first.next()) ?? "") ?? [];
    await first.cancel();
    const second = await stream(path, { "last-event-id": id });
    expect(await second.next()).toBe("retry: 1000\n\n:\n\n");
    let reads = 0;
    for (let part = await second.next(); part !== undefined; part = await second.next()) {
      expect(part).toBe(":\n\n");
      reads += 1;
    }
    expect(reads).toBeGreaterThan(20);
    expect(reads).toBeLessThanOrEqual(30);
  });
});

it("a stream of a set with log: true sends its vectors to the log, although no other request comes", async () => {
  const session_id = newSession("labs");
  await accept(batchFor("labs", [custom(0)], { session_id }));
  const authorization = "Bearer labs-read-key";
  const { next, nextVector, cancel } = await stream(`session/${session_id}/stream?set=served`, { authorization });
  await next();
  /** The vectors that the log has received, those of repeated calls once. */
  const counts = () => {
    const sent = traffic.records.flatMap(({ session, records }) =>
      [...unpackRecords(records)].map((record) => [`${session} ${record.arrival}`, record] as const),
    );
    return [...new Map(sent).values()]
      .flatMap((record) =>
        record.kind === "served_vector" && record.payload.id === session_id ? [record.payload] : [],
      )
      .map(({ features, reader }) => ({ features, reader }));
  };
  const served = (event_count: number) => ({ features: { event_count }, reader: "server" });
  // No request is left that would send the second vector too: the log has the first one, and the stream reads after the batch.
  const tail = async () =>
    (await request("/v1/log/tail?site=labs", { headers: { authorization: "Bearer admin-key" } })).text();
  await expect.poll(tail).toMatch(new RegExp(`"reader":"server","entity":"session","id":"${session_id}"`));
  isPaused = true;
  await accept(batchFor("labs", [custom(1)], { session_id }));
  isPaused = false;
  expect(await nextVector()).toContain('"features":{"event_count":2}');
  await expect.poll(counts).toEqual([served(1), served(2)]);
  await cancel();
});

it("a stream of a user has the changes by any session", async () => {
  const user_id = `stream-${crypto.randomUUID()}`;
  await begin({ user_id });
  await expect.poll(() => rollupVectorOf("user", user_id)).toBeDefined();
  const { next, nextVector, cancel } = await stream(`user/${user_id}/stream?features=user_session_count`);
  expect(await next()).toContain('"features":{"user_session_count":1}');
  await begin({ user_id });
  await expect
    .poll(async () => (await rollupVectorOf("user", user_id))?.features)
    .toMatchObject({ user_session_count: 2 });
  expect(await nextVector()).toContain('"features":{"user_session_count":2}');
  await cancel();
});

it("a stream is a read: its entity, parameters and key are checked before it begins", async () => {
  const session_id = await begin();
  const statusOf = async (path: string, headers?: Record<string, string>) =>
    (await errorOf(await open(path, headers))).slice(0, 2);
  expect(await statusOf("user/nobody/stream")).toEqual([404, "not_found"]);
  expect(await statusOf(`session/${newSession()}/stream`)).toEqual([404, "not_found"]);
  expect(await statusOf(`session/${session_id}/stream?set=unknown`)).toEqual([400, "invalid_query"]);
  expect(await statusOf(`session/${session_id}/stream`, { authorization: "Bearer blog-read-key" })).toEqual([
    403,
    "foreign_session",
  ]);
});
