import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createS3Sink } from "../../../src/sinks/s3/create-s3-sink.ts";
import type { Cut, Sink, SinkOutcome } from "../../../src/sinks/sink.ts";
import { contextOf, sendAll } from "../attempts.ts";
import { AWS_ENV, AWS_SETTINGS } from "../aws/signature.ts";
import { AT, cutOf, eventRecord } from "../kafka/records.ts";
import { type FakeStorage, fakeStorage, storageError } from "./fake-storage.ts";

const SETTINGS = {
  endpoint: "https://s3.eu-central-1.amazonaws.com/",
  bucket: "shop-events",
  region: "eu-central-1",
  prefix: "tidemark",
  ...AWS_SETTINGS,
};
const DELIVERED: SinkOutcome = { type: "delivered" };

let storage: FakeStorage;
let sink: Sink;
beforeEach(() => {
  storage = fakeStorage();
  sink = createS3Sink(SETTINGS);
  vi.spyOn(globalThis, "fetch").mockImplementation(storage.fetch);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const records = (count: number) => Array.from({ length: count }, (_, index) => eventRecord("session1", index + 1));

const attempt = async (cut: Cut, env: object = AWS_ENV) =>
  (await sink.attempt(cut, undefined, contextOf(env))).outcomes;

/** The ids of all records in the storage. */
const stored = () =>
  [...storage.objects.values()].flatMap((text) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id),
  );

describe("a sink of S3-compatible storage", () => {
  it("writes the records of a cut as lines of JSON into one object, by the cut's id and time", async () => {
    const cut = cutOf(records(3), "shop/0/1-3");
    expect(await attempt(cut)).toEqual([DELIVERED, DELIVERED, DELIVERED]);
    const lines = cut.records.map(({ id, record }) => `${JSON.stringify({ ...record, id })}\n`);
    const name = `tidemark/site=shop/dt=2026-11-20/0-1-3-${AT}.ndjson.gz`;
    expect([...storage.objects]).toEqual([[name, lines.join("")]]);
    sink = createS3Sink({ ...SETTINGS, prefix: "" });
    await attempt(cut);
    expect([...storage.objects.keys()][1]).toBe(`site=shop/dt=2026-11-20/0-1-3-${AT}.ndjson.gz`);
  });

  it("writes other objects for other cuts, and for a replay of the same records", async () => {
    await attempt(cutOf(records(3), "shop/0/1-3"));
    await attempt(cutOf([eventRecord("session1", 4)], "shop/0/4-4"));
    await attempt(cutOf(records(3), "shop/0/1-3", AT + 60_000));
    expect(storage.objects.size).toBe(3);
    expect(stored()).toHaveLength(7);
  });

  it.each([
    ["a bucket that does not exist", () => storageError("NoSuchBucket", 404), "status 404: NoSuchBucket"],
    ["credentials without permission", () => storageError("AccessDenied", 403), "status 403: AccessDenied"],
    ["a write of the same name at the same time", () => storageError("ConditionalRequestConflict", 409), "status 409"],
    ["storage without conditions", () => storageError("NotImplemented", 501), "it has to support If-None-Match"],
    ["a failure of the storage", () => new Response("text", { status: 500 }), "status 500"],
    ["a redirect", () => storageError("PermanentRedirect", 301, { location: "/" }), "status 301: PermanentRedirect"],
  ])("sends the cut again after %s", async (_, fault, reason) => {
    storage.faults.push(fault);
    const [first, second] = await sendAll(sink, cutOf(records(2), "shop/0/1-2"), AWS_ENV);
    const retried = { type: "retry", reason: expect.stringContaining(reason) };
    expect(first).toEqual({ 0: retried, 1: retried });
    expect(second).toEqual({ 0: DELIVERED, 1: DELIVERED });
    expect(stored()).toHaveLength(2);
  });
});
