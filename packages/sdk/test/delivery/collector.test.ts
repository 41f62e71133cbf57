import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newBatch } from "../../src/delivery/batch.ts";
import { createCollector } from "../../src/delivery/collector.ts";
import { eventOf, originOf, viewOf } from "./batches.ts";

// Time limits and compression need a page.
vi.mock("../../src/delivery/bounded.ts", () => ({
  RESTORED: new Error("restored"),
  bounded: (request: (signal: AbortSignal) => unknown) => request(new AbortController().signal),
}));

vi.mock("../../src/delivery/compression.ts", () => ({ createCompression: () => () => undefined }));

const KEY = "tm_shop_aaaaaaaa";
const SECRET = "1-2-3-4";
const REPORT = { script_ms: 20, errors: 0, storage_errors: 1 };
const STORED = { accepted: 1, duplicates: 0, rejected: [] };

const rejection = (message: string) => ({ error: { code: "invalid_batch", message } });

/** A request of the SDK: its method, path and parsed body. */
type Sent = [method: string, path: string, body: Record<string, unknown> | undefined];

let sent: Sent[];
/** Responds to a request. */
let respond: (...request: Sent) => Response;
beforeEach(() => {
  sent = [];
  vi.stubGlobal("fetch", async (url: string, { method = "GET", body }: RequestInit) => {
    const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : (body as string | undefined);
    const request: Sent = [method, url.replace("https://collector.example", ""), text && JSON.parse(text)];
    sent.push(request);
    return respond(...request);
  });
});
afterEach(() => vi.unstubAllGlobals());

const collectorOf = (session: string) =>
  createCollector(KEY, "https://collector.example/v1/", false, undefined, (id) =>
    id === session ? SECRET : undefined,
  );

const batchOf = (session_id: string) =>
  newBatch(originOf("tab", { session_id, user_token: "token" }), eventOf(0), viewOf("view"), []);

const secrets = () => sent.map(([, , body]) => body?.session_secret);

describe("a batch", () => {
  it("carries the secret of its session, and its events last", async () => {
    respond = () => Response.json(STORED);
    const { post } = collectorOf("shop.session-1");
    const batch = batchOf("shop.session-1");
    await post(batch, () => false);
    await post(batchOf("shop.session-0"), () => false);
    expect(secrets()).toEqual([SECRET, undefined]);
    // Storage and the tracker's events have this batch.
    expect(batch).toEqual(batchOf("shop.session-1"));
    for (const [, , body] of sent) expect(Object.keys(body ?? {}).at(-1)).toBe("events");
  });

  it("carries a report about the SDK before its events", async () => {
    respond = () => Response.json(STORED);
    await collectorOf("shop.session-1").post({ ...batchOf("shop.session-1"), sdk_report: REPORT }, () => false);
    const [[, , body = {}] = []] = sent;
    expect(body.sdk_report).toEqual(REPORT);
    expect(Object.keys(body).at(-1)).toBe("events");
  });

  it.each([
    ["session_secret is not a field of the contract (contract version 1).", "does not know it"],
    ["session_secret: expected 22 to 64 letters, digits, _ or -.", "finds it invalid, as a script may have stored it"],
  ])("is sent again without the secret to a collector that answers %j: it %s", async (message) => {
    respond = (_, __, body) =>
      body?.session_secret === undefined ? Response.json(STORED) : Response.json(rejection(message), { status: 400 });
    const { post } = collectorOf("shop.session-1");
    const send = () => post(batchOf("shop.session-1"), () => false);
    // Both are on their way when the collector rejects the first one.
    for (const outcome of await Promise.all([send(), send()]))
      expect(outcome).toMatchObject({ status: 200, response: STORED });
    expect(await send()).toMatchObject({ status: 200 });
    expect(secrets()).toEqual([SECRET, SECRET, undefined, undefined, undefined]);
    for (const [, , body] of sent) expect(body).toMatchObject({ user_token: "token" });
    for (const [, , body] of sent) expect(Object.keys(body ?? {}).at(-1)).toBe("events");
  });

  it("is sent again without one field after the other to a collector that knows none of them", async () => {
    const unknown = ["session_secret", "user_token", "traffic", "sdk_report"];
    respond = (_, __, body) => {
      const field = unknown.find((name) => body?.[name] !== undefined);
      return field ? Response.json(rejection(`${field} is not a field`), { status: 400 }) : Response.json(STORED);
    };
    const { post } = collectorOf("shop.session-1");
    const send = () => post({ ...batchOf("shop.session-1"), traffic: "test", sdk_report: REPORT }, () => false);
    for (const outcome of await Promise.all([send(), send()])) expect(outcome).toMatchObject({ status: 200 });
    expect(sent).toHaveLength(10);
    expect(await send()).toMatchObject({ status: 200 });
    expect(sent).toHaveLength(11);
  });

  it("is sent at most twice for a field, and once to a collector that rejects another field", async () => {
    const attempts = async (message: string) => {
      sent = [];
      respond = () => Response.json(rejection(message), { status: 400 });
      const outcome = await collectorOf("shop.session-1").post(batchOf("shop.session-1"), () => false);
      return [outcome.status, sent.length];
    };
    expect(await attempts("session_secret is not a field")).toEqual([400, 2]);
    expect(await attempts("user_id: expected at most 200 characters")).toEqual([400, 1]);
  });
});

describe("a read of features", () => {
  it("shows the secret of the session in its body, without a header that needs a preflight", async () => {
    respond = () => Response.json({ features: { event_count: 1 } });
    expect(await collectorOf("shop.session-1").readFeatures("shop.session-1")).toEqual({ event_count: 1 });
    expect(sent).toEqual([["POST", "/v1/features/session/shop.session-1", { key: KEY, session_secret: SECRET }]]);
  });

  it("uses the id alone with a collector that has no such route", async () => {
    respond = (method) =>
      method === "POST"
        ? Response.json({ error: { code: "method_not_allowed", message: "accepts GET only" } }, { status: 405 })
        : Response.json({ features: { event_count: 2 } });
    expect(await collectorOf("shop.session-1").readFeatures("shop.session-1")).toEqual({ event_count: 2 });
    expect(sent.at(-1)).toEqual(["GET", `/v1/features/session/shop.session-1?key=${KEY}`, undefined]);
  });

  it("throws the error of the collector", async () => {
    respond = () => Response.json({ error: { code: "not_found", message: "no session" } }, { status: 404 });
    await expect(collectorOf("shop.session-1").readFeatures("shop.session-1")).rejects.toThrow("no session");
  });
});
