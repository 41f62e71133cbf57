import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { RollupVectorResponse } from "@tidemark/schema";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Env, partitionOf } from "../../src/env.ts";
import { accept, batchFor, custom, errorOf, readRollup } from "../workers/client.ts";
import { tenant } from "../workers/worker.ts";

const DAY = 86_400_000;

const partition = () => partitionOf(env as unknown as Env, tenant("news"), 0);

const writeStory = (author: string) =>
  accept(batchFor("news", [{ ...custom(0, "story"), properties: { author } }], { anonymous_id: "writer-0001" }));

const storiesOf = async (author: string) => {
  const response = await readRollup("author", author, "news-read-key");
  return response.ok
    ? (await response.json<RollupVectorResponse>()).features.author_stories
    : (await errorOf(response)).slice(0, 2);
};

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

it("an entity with a time to live has expired after it, and begins anew", async () => {
  await writeStory("ann");
  await vi.waitFor(async () => expect(await storiesOf("ann")).toBe(1));
  // The time passes while the test waits.
  pass(30 * DAY - 60_000);
  await writeStory("ann");
  await vi.waitFor(async () => expect(await storiesOf("ann")).toBe(2));
  pass(30 * DAY + 60_000);
  expect(await storiesOf("ann")).toEqual([410, "expired"]);
  expect(await storiesOf("eve")).toEqual([404, "not_found"]);
  await writeStory("ann");
  await vi.waitFor(async () => expect(await storiesOf("ann")).toBe(1));
});

it("an entity is deleted by an alarm within eleven days after its time to live", async () => {
  await writeStory("bob");
  await vi.waitFor(async () => expect(await storiesOf("bob")).toBe(1));
  const rows = () =>
    runInDurableObject(partition(), (_, { storage }) => [...storage.kv.list({ prefix: "author:bob" })].length);
  const end = Date.now() + 41 * DAY;
  let stored = 0;
  while (Date.now() < end) {
    pass(DAY);
    expect(await runDurableObjectAlarm(partition())).toBe(true);
    stored = Math.max(stored, await rows());
  }
  expect([stored, await rows()]).toEqual([1, 0]);
});
