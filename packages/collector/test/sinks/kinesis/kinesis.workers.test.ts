import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKinesisSink } from "../../../src/sinks/kinesis/create-kinesis-sink.ts";
import type { Sink, SinkOutcome } from "../../../src/sinks/sink.ts";
import { contextOf, sendAll } from "../attempts.ts";
import { AWS_ENV, AWS_SETTINGS } from "../aws/signature.ts";
import { cutOf, eventRecord } from "../kafka/records.ts";
import { type FakeKinesis, fakeKinesis, kinesisError } from "./fake-kinesis.ts";

const SETTINGS = { stream: "events", region: "eu-central-1", ...AWS_SETTINGS };
const DELIVERED: SinkOutcome = { type: "delivered" };

let kinesis: FakeKinesis;
let sink: Sink;
beforeEach(() => {
  kinesis = fakeKinesis();
  sink = createKinesisSink(SETTINGS);
  vi.spyOn(globalThis, "fetch").mockImplementation(kinesis.fetch);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const records = (count: number, text = "") =>
  Array.from({ length: count }, (_, index) => eventRecord(`session${index % 3}`, index + 1, { properties: { text } }));

const idsIn = ({ records: stored }: FakeKinesis) => stored.map(({ text }) => JSON.parse(text).id);

/** The latest request, as it was signed. */
const sentRequest = () => vi.mocked(fetch).mock.lastCall?.[0] as Request;

const attempt = async (cut = cutOf(records(3)), env: object = AWS_ENV) =>
  (await sink.attempt(cut, undefined, contextOf(env))).outcomes;

describe("a sink of Kinesis", () => {
  it("writes each record as JSON with its id, under the key of its session", async () => {
    const cut = cutOf(records(5));
    expect(await attempt(cut)).toEqual(cut.records.map(() => DELIVERED));
    expect(kinesis.records).toEqual(
      cut.records.map(({ id, key, record }) => ({ key, text: JSON.stringify({ ...record, id }) })),
    );
    expect(kinesis.requests).toBe(1);
    // A redirect would send the records elsewhere.
    expect(sentRequest().redirect).toBe("manual");
  });

  it("writes to a stream by its ARN, at the address of the region", async () => {
    const streamArn = "arn:aws:kinesis:eu-central-1:123456789012:stream/events";
    const { stream: _, ...rest } = SETTINGS;
    sink = createKinesisSink({ ...rest, streamArn });
    expect(await attempt()).toEqual([DELIVERED, DELIVERED, DELIVERED]);
    expect(sentRequest().url).toBe("https://kinesis.eu-central-1.amazonaws.com/");
  });

  it("sends the records again that fail alone, and no others", async () => {
    kinesis.failing.set('"seq":2,', "ProvisionedThroughputExceededException");
    kinesis.failing.set('"seq":5,', "InternalFailure");
    const cut = cutOf(records(6));
    const [first, second, ...more] = await sendAll(sink, cut, AWS_ENV);
    expect(first).toMatchObject({
      0: DELIVERED,
      1: { type: "retry", reason: "ProvisionedThroughputExceededException: the message" },
      4: { type: "retry", reason: "InternalFailure: the message" },
      5: DELIVERED,
    });
    expect(second).toEqual({ 1: DELIVERED, 4: DELIVERED });
    expect(more).toEqual([]);
    expect(idsIn(kinesis).toSorted()).toEqual(cut.records.map(({ id }) => id).toSorted());
  });

  it("divides a cut into requests of at most 500 records and 5 MB, in order", async () => {
    const many = cutOf(records(1_100));
    expect(await attempt(many)).toEqual(many.records.map(() => DELIVERED));
    expect(kinesis.requests).toBe(3);
    const large = cutOf(records(12, "x".repeat(900_000)));
    expect(await attempt(large)).toEqual(large.records.map(() => DELIVERED));
    expect(kinesis.requests).toBe(6);
    expect(idsIn(kinesis)).toEqual([...many.records, ...large.records].map(({ id }) => id));
  });

  it("refuses a record that the stream does not accept for its size, and delivers the others", async () => {
    const [before, , after] = records(3);
    const large = eventRecord("session1", 2, { properties: { text: "x".repeat(1_100_000) } });
    const cut = cutOf([before, large, after].flatMap((each) => each ?? []));
    const reason = "Kinesis responded with status 400: ValidationException: a record is too large";
    expect(await attempt(cut)).toEqual([DELIVERED, { type: "refused", reason }, DELIVERED]);
    kinesis.recordBytes = 10_485_760;
    expect(await attempt(cut)).toEqual([DELIVERED, DELIVERED, DELIVERED]);
  });

  it.each([
    ["a stream that does not exist", () => kinesisError("ResourceNotFoundException"), "status 400: ResourceNotFound"],
    ["a request that is not valid", () => kinesisError("ValidationException"), "status 400: ValidationException"],
    ["credentials without permission", () => kinesisError("AccessDeniedException"), "status 400: AccessDenied"],
    ["a failure of the service", () => new Response("text", { status: 500 }), "status 500"],
    ["a redirect", () => new Response(null, { status: 307, headers: { location: "/" } }), "status 307"],
    ["a response that is not JSON", () => new Response("text"), "without a result for each record"],
    ["a result too few", () => Response.json({ Records: [{ SequenceNumber: "1" }] }), "without a result for each"],
    ["an empty result", () => Response.json({ Records: [{}, {}, {}] }), "without a result for the record"],
  ])("sends all records again after %s", async (_, fault, reason) => {
    kinesis.faults.push(fault);
    const cut = cutOf(records(3));
    const [first, second] = await sendAll(sink, cut, AWS_ENV);
    const retried = { type: "retry", reason: expect.stringContaining(reason) };
    expect(first).toEqual({ 0: retried, 1: retried, 2: retried });
    expect(second).toEqual({ 0: DELIVERED, 1: DELIVERED, 2: DELIVERED });
    expect(kinesis.requests).toBe(2);
  });

  it("sends nothing more in an attempt in which a request failed", async () => {
    kinesis.faults.push(() => new Response(null, { status: 503, headers: { "retry-after": "7" } }));
    const outcomes = await attempt(cutOf(records(501)));
    expect(outcomes).toHaveLength(501);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ type: "retry", afterMs: 7_000 });
    expect(kinesis.requests).toBe(1);
  });

  it("sends nothing without its secrets, and signs with a session's token", async () => {
    const missing = { type: "retry", reason: "the secret AWS_SECRET_ACCESS_KEY is not set" };
    expect(await attempt(cutOf(records(1)), { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE" })).toEqual([missing]);
    expect(kinesis.requests).toBe(0);
    sink = createKinesisSink({ ...SETTINGS, sessionTokenSecret: "AWS_SESSION_TOKEN" });
    expect(await attempt(cutOf(records(1)), { ...AWS_ENV, AWS_SESSION_TOKEN: "token" })).toEqual([DELIVERED]);
    expect(sentRequest().headers.get("x-amz-security-token")).toBe("token");
  });
});
