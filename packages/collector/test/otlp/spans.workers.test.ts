import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { meter } from "../../src/metrics/isolate-meter.ts";
import type { Span } from "../../src/otlp/span.ts";
import { createSpanExport } from "../../src/otlp/span-export.ts";
import { traceContextIn } from "../../src/otlp/trace-context.ts";
import { tenantOf } from "../../src/tenants.ts";
import { VERSION } from "../../src/version.ts";
import { accept, batch, batchFor, custom, errorOf, newSession, page, post, rowsOf } from "../workers/client.ts";
import { tracing, traffic } from "../workers/worker.ts";
import { FakeTraces, type ReceivedSpan } from "./fake-traces.ts";

let fake: FakeTraces;
const logged: string[] = [];

beforeEach(() => {
  fake = new FakeTraces();
  logged.length = 0;
  tracing.otlp = { url: "https://otel.example/v1/metrics", tracesUrl: fake.url };
  for (const level of ["error", "warn"] as const)
    vi.spyOn(console, level).mockImplementation((line) => {
      logged.push(`${level}: ${line}`);
    });
  vi.spyOn(globalThis, "fetch").mockImplementation((url, init) =>
    fake.handle(new Request(`${url}`, init as RequestInit)),
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  tracing.otlp = undefined;
  traffic.fault = async () => undefined;
});

/** A trace id that no other test uses. */
const newTrace = () => crypto.randomUUID().replaceAll("-", "");

const PAGE_SPAN = "00f067aa0ba902b7";

const tracedBy = (trace: string, flags = "01") => ({ traceparent: `00-${trace}-${PAGE_SPAN}-${flags}` });

/** Options of waits for spans to arrive. */
const ARRIVAL = { timeout: 20_000, interval: 20 };

const arrived = (trace: string, name: string): Promise<ReceivedSpan> =>
  vi.waitFor(() => {
    const found = fake.find(trace, name);
    if (!found) throw new Error(`no span ${name}; refused: ${fake.refusals}`);
    return found;
  }, ARRIVAL);

const attributesOf = ({ attributes }: ReceivedSpan) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

describe("a batch with a trace context", () => {
  it("has a span of its request under that of the page, and one of each call for it", async () => {
    const trace = newTrace();
    const session_id = newSession();
    const body = batch([page(0), custom(1), { ...custom(2), name: 7 }], { session_id, ...tracedBy(trace) });
    await accept(body);
    const [received, session, push] = [
      await arrived(trace, "POST /v1/events"),
      await arrived(trace, "session"),
      await arrived(trace, "push"),
    ];
    expect(fake.refusals).toEqual([]);
    expect([received.kind, session.kind, push.kind]).toEqual([2, 3, 3]);
    expect([received.parentSpanId, session.parentSpanId, push.parentSpanId]).toEqual([
      ...[PAGE_SPAN, received.spanId, session.spanId],
    ]);
    expect([received.status, session.status, push.status]).toEqual([undefined, undefined, undefined]);
    expect(attributesOf(received)).toEqual({
      ...{ "http.request.method": "POST", "http.route": "/v1/events", "http.response.status_code": "200" },
      ...{ "tidemark.site": "shop", "tidemark.events.accepted": "2" },
      ...{ "tidemark.events.duplicate": "0", "tidemark.events.rejected": "1" },
    });
    expect(fake.resources[0]).toEqual([
      { key: "service.name", value: { stringValue: "tidemark" } },
      { key: "service.version", value: { stringValue: VERSION } },
    ]);
    // Spans identify neither visitors nor sessions.
    const sent = JSON.stringify(fake.spans);
    for (const id of [session_id, body.anonymous_id, body.tab_id]) expect(sent).not.toContain(id);
  });

  it("is stored without it", async () => {
    const trace = newTrace();
    const session_id = newSession();
    await accept(batch([page(0), custom(1)], { session_id, ...tracedBy(trace) }));
    await arrived(trace, "push");
    const session = sessionOf(env as unknown as Env, tenantOf(traffic.tenants, "shop"), session_id);
    const rows = await runInDurableObject(session, (_, { storage }) => rowsOf(storage));
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(trace);
    expect(JSON.stringify(traffic.pushes)).not.toContain(trace);
  });

  it("that is rejected has a span with the reason", async () => {
    const trace = newTrace();
    const body = batch([custom(0)], { session_id: newSession("blog"), ...tracedBy(trace) });
    expect((await post(JSON.stringify(body))).status).toBe(403);
    const received = await arrived(trace, "POST /v1/events");
    expect(attributesOf(received)).toMatchObject({
      ...{ "http.response.status_code": "403", "error.type": "foreign_session" },
    });
    expect(received.status).toBeUndefined();
    expect(fake.find(trace, "session")).toBeUndefined();
  });

  it("whose push fails has a span with the error, and its trace is in the log", async () => {
    const trace = newTrace();
    let isLost = true;
    const session_id = newSession();
    traffic.fault = async ({ sender }) => (isLost && sender === session_id ? "lose_request" : undefined);
    await accept(batch([page(0), custom(1)], { session_id, ...tracedBy(trace) }));
    const failed = await arrived(trace, "push");
    expect(failed.status).toEqual({ code: 2 });
    expect(logged.join()).toContain(`a partition could not be reached; the session tries again (trace ${trace})`);
    isLost = false;
    await accept(batch([custom(2)], { session_id }));
    await vi.waitFor(() => {
      const pushes = fake.spans.filter(({ traceId, name }) => traceId === trace && name === "push");
      expect(pushes.map(({ status }) => status?.code)).toContain(undefined);
    }, ARRIVAL);
  });

  it("that is a duplicate has no span of a push, neither of the one under way nor of a later one", async () => {
    const [trace, repeated, later] = [newTrace(), newTrace(), newTrace()];
    const session_id = newSession();
    let [isPushing, isHeld] = [false, true];
    traffic.fault = async ({ sender }) => {
      if (sender !== session_id) return undefined;
      isPushing = true;
      await vi.waitUntil(() => !isHeld, ARRIVAL);
      return undefined;
    };
    await accept(batch([custom(0)], { session_id, ...tracedBy(trace) }));
    await vi.waitUntil(() => isPushing, ARRIVAL);
    expect(await accept(batch([custom(0)], { session_id, ...tracedBy(repeated) }))).toMatchObject({ duplicates: 1 });
    isHeld = false;
    await arrived(trace, "push");
    await accept(batch([custom(1)], { session_id, ...tracedBy(later) }));
    await arrived(later, "push");
    await arrived(repeated, "session");
    expect(fake.find(repeated, "push")).toBeUndefined();
  });

  it("does not wait for the receiver", async () => {
    const trace = newTrace();
    let isHeld = true;
    fake.respond = () =>
      vi.waitFor(() => {
        if (isHeld) throw new Error("the receiver does not respond");
        return Response.json({});
      }, ARRIVAL);
    const session_id = newSession();
    expect(await accept(batch([custom(0)], { session_id, ...tracedBy(trace) }))).toMatchObject({ accepted: 1 });
    await vi.waitFor(() => expect(fake.headers.length).toBeGreaterThan(0), ARRIVAL);
    expect(await accept(batch([custom(1)], { session_id, ...tracedBy(trace) }))).toMatchObject({ accepted: 1 });
    fake.respond = undefined;
    isHeld = false;
    await arrived(trace, "POST /v1/events");
  });

  it.each([
    ["of a trace that is not sampled", tracedBy("4bf92f3577b34da6a3ce929d0e0e4736", "00")],
    ["of none", {}],
  ])("%s has no spans", async (_, more) => {
    const session_id = newSession("labs");
    await accept(batchFor("labs", [page(0), custom(1)], { session_id, ...more }));
    const trace = newTrace();
    await accept(batchFor("labs", [custom(2)], { session_id, ...tracedBy(trace) }));
    await arrived(trace, "push");
    // Spans of other tests may still arrive.
    const ofSite = fake.spans.filter((each) => attributesOf(each)["tidemark.site"] === "labs");
    expect(ofSite.map(({ traceId }) => traceId)).toEqual([trace, trace, trace]);
  });

  it("has no spans without a receiver of them", async () => {
    tracing.otlp = { url: "https://otel.example/v1/metrics" };
    const [unseen, trace] = [newTrace(), newTrace()];
    await accept(batch([custom(0)], tracedBy(unseen)));
    tracing.otlp = { url: "https://otel.example/v1/metrics", tracesUrl: fake.url };
    await accept(batch([custom(0)], tracedBy(trace)));
    await arrived(trace, "POST /v1/events");
    // The push of the first batch may have ended later.
    for (const name of ["POST /v1/events", "session"]) expect(fake.find(unseen, name)).toBeUndefined();
  });

  it("with a key of no site has no spans", async () => {
    const [unseen, trace] = [newTrace(), newTrace()];
    const response = await post(JSON.stringify(batch([custom(0)], { key: "tm_none_00000000", ...tracedBy(unseen) })));
    expect((await errorOf(response))[1]).toBe("unknown_key");
    await accept(batchFor("blog", [custom(0)], tracedBy(trace)));
    await arrived(trace, "POST /v1/events");
    expect(JSON.stringify(fake.spans)).not.toContain(unseen);
  });

  it.each([
    ["zeros as trace id", `00-${"0".repeat(32)}-${PAGE_SPAN}-01`],
    ["zeros as span id", `00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`],
    ["capitals", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
    ["another version", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
    ["more fields", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"],
    ["a line feed", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n"],
    ["a long text", "a".repeat(10_000)],
    ["an object", { toString: "x" }],
    ["null", null],
  ])("that is wrong is rejected: %s", async (_, traceparent) => {
    const [status, code, message] = await errorOf(await post(JSON.stringify(batch([custom(0)], { traceparent }))));
    expect([status, code]).toEqual([400, "invalid_batch"]);
    expect(message).toMatch(/^traceparent: /);
    expect(message.length).toBeLessThan(300);
    expect(fake.headers).toEqual([]);
  });
});

describe("an export of spans", () => {
  const settings = () => ({
    url: "https://otel.example/v1/metrics",
    tracesUrl: fake.url,
    headersSecret: "OTLP_HEADERS",
  });
  const secrets = { OTLP_HEADERS: "authorization=Bearer%20hidden-token" };
  const parent = traceContextIn(tracedBy("4bf92f3577b34da6a3ce929d0e0e4736").traceparent);
  let number = 0;
  const spanOf = (name: string): Span => {
    number += 1;
    const context = { ...parent, spanId: number.toString(16).padStart(16, "0") };
    // The clock was set back meanwhile.
    return { ...{ context, parent, name, kind: "client", from: 2_000, to: 1_000, isError: false, attributes: {} } };
  };
  /** Time, which a wait of the export lets pass. */
  let now = 0;
  /** Numbers of spans by outcome. */
  let counts: Record<string, number> = {};

  beforeEach(() => {
    now = Date.UTC(2026, 10, 30, 5);
    counts = {};
    vi.spyOn(Date, "now").mockImplementation(() => now);
    vi.spyOn(scheduler, "wait").mockImplementation(async (ms) => {
      now += ms;
    });
    vi.spyOn(meter, "count").mockImplementation((family, labels, amount) => {
      const { outcome } = labels as { outcome: string };
      if (family === "tidemark_spans_total") counts[outcome] = (counts[outcome] ?? 0) + amount;
    });
  });

  it("has the headers of its secret, and all spans that wait in one request", async () => {
    const spans = createSpanExport();
    for (const name of ["a", "b", "c"]) spans.add(spanOf(name));
    await spans.flush(settings(), secrets);
    expect(fake.refusals).toEqual([]);
    expect(fake.sizes).toEqual([3]);
    expect(fake.headers[0]?.get("authorization")).toBe("Bearer hidden-token");
    expect(spans.flush(settings(), secrets)).toBeUndefined();
    expect(counts).toEqual({ refused: 0, pushed: 3 });
  });

  it("has at most 500 spans, and drops those beyond", async () => {
    const spans = createSpanExport();
    for (let index = 0; index < 600; index += 1) spans.add(spanOf(`${index}`));
    await spans.flush(settings(), secrets);
    expect(fake.sizes).toEqual([500]);
    expect(fake.spans.at(-1)?.name).toBe("499");
    expect(counts).toEqual({ dropped: 100, refused: 0, pushed: 500 });
  });

  it("sends one request at a time, and what came meanwhile in the next", async () => {
    const spans = createSpanExport();
    spans.add(spanOf("first"));
    fake.respond = () => {
      fake.respond = undefined;
      spans.add(spanOf("second"));
      expect(spans.flush(settings(), secrets)).toBeUndefined();
      return Response.json({});
    };
    await spans.flush(settings(), secrets);
    expect(fake.spans.map(({ name }) => name)).toEqual(["second"]);
  });

  it.each([
    [429, { "retry-after": "30" }, 30_000],
    [503, {}, 10_000],
    [502, {}, 10_000],
    [504, {}, 10_000],
  ])("after status %d with %j keeps its spans, and sends them after %j ms", async (status, headers, wait) => {
    const spans = createSpanExport();
    spans.add(spanOf("kept"));
    fake.respond = () => new Response("hidden-token", { status, headers });
    await spans.flush(settings(), secrets);
    expect(logged).toEqual([
      `error: spans could not be pushed by OTLP; the next push is in ${wait / 1_000} s: the target responded with status ${status}`,
    ]);
    fake.respond = undefined;
    now += wait - 1;
    expect(spans.flush(settings(), secrets)).toBeUndefined();
    now += 1;
    for (let index = 0; index < 600; index += 1) spans.add(spanOf(`${index}`));
    await spans.flush(settings(), secrets);
    expect(fake.spans[0]?.name).toBe("kept");
    expect(counts).toEqual({ dropped: 101, refused: 0, pushed: 500 });
  });

  it.each([400, 401, 404, 500, 307])("after status %d drops its spans, and waits longer each time", async (status) => {
    const spans = createSpanExport();
    fake.respond = () => new Response(null, { status });
    for (const wait of [10_000, 20_000, 40_000]) {
      spans.add(spanOf("x"));
      await spans.flush(settings(), secrets);
      now += wait - 1;
      spans.add(spanOf("x"));
      expect(spans.flush(settings(), secrets)).toBeUndefined();
      now += 1;
    }
    expect(counts.refused).toBeGreaterThan(2);
    expect(fake.headers).toHaveLength(3);
  });

  it("logs spans that were refused, and does not repeat them", async () => {
    const spans = createSpanExport();
    for (const name of ["a", "b"]) spans.add(spanOf(name));
    fake.respond = () => Response.json({ partialSuccess: { rejectedSpans: "1", errorMessage: "too old" } });
    await spans.flush(settings(), secrets);
    expect(logged).toEqual(["warn: the receiver of OTLP refused 1 spans: too old"]);
    expect(counts).toEqual({ refused: 1, pushed: 1 });
    expect(spans.flush(settings(), secrets)).toBeUndefined();
  });

  it("does not happen without its secret", async () => {
    const spans = createSpanExport();
    spans.add(spanOf("a"));
    await spans.flush(settings(), {});
    expect(logged[0]).toContain("the secret OTLP_HEADERS is not set");
    expect(fake.headers).toEqual([]);
  });
});
