import { env } from "cloudflare:workers";
import type { RollupVectorResponse } from "@tidemark/schema";
import { expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { unpackRecords } from "../../src/records/packed-records.ts";
import { serve } from "../../src/serving/reader.ts";
import { createRecordLog } from "../../src/serving/record-log.ts";
import { accept, batch, custom, page, readRollup, request, rollupVectorOf } from "../workers/client.ts";
import { nextSite } from "../workers/sales.ts";
import { tenant } from "../workers/worker.ts";

interface ServedRecord {
  kind: string;
  payload: { id: string; reader: string; features: object };
}

/** The served vectors in the records that are in no file yet. */
const servedVectors = async (): Promise<ServedRecord[]> => {
  const headers = { authorization: "Bearer admin-key" };
  const text = await (await request("/v1/log/tail?site=shop", { headers })).text();
  const records = text.split("\n").flatMap((line) => (line ? [JSON.parse(line) as ServedRecord] : []));
  return records.filter(({ kind }) => kind === "served_vector");
};

it("records each vector that is served of a set with log: true, with its reader, time and age", async () => {
  await accept(batch([page(0), custom(1)]));
  await vi.waitFor(async () => expect(await rollupVectorOf("page", "/a")).toBeDefined(), 20_000);
  const headers = { authorization: "Bearer shop-read-key" };
  const single = await request("/v1/features/page/%2Fa?set=assists", { headers });
  const served = await single.json<RollupVectorResponse>();
  const read = [{ entity: "page", id: "/a", set: "assists:1" }];
  await request("/v1/features", { method: "POST", headers, body: JSON.stringify({ read, deadline_ms: 10_000 }) });
  // A vector without a set is not recorded.
  await readRollup("page", "/a");
  await vi.waitFor(async () => {
    const records = await servedVectors();
    expect(records).toHaveLength(2);
    for (const { payload } of records)
      expect(payload).toMatchObject({
        reader: "server",
        entity: "page",
        id: "/a",
        event_time: served.event_time,
        age_ms: expect.any(Number),
        definition_version: served.definition_version,
        set: served.set,
        features: served.features,
      });
  }, 20_000);
});

/** A vector of a recorded set, with a text that compression does not shorten. */
const vectorOf = (id: string, characters: number) => ({
  ...{ entity: "page", id, event_time: 1, watermark: 1, age_ms: 1, definition_version: "v", late: 0, too_late: 0 },
  set: { name: "assists", version: 1, hash: "h" },
  features: { text: Array.from({ length: characters / 36 }, () => crypto.randomUUID()).join("") },
});

it("sends long vectors in order, in calls that each fit into one value of a partition", async () => {
  const sent: Uint8Array[] = [];
  const apply = async (...args: unknown[]) => {
    sent.push(args[4] as Uint8Array);
    return { depth: 0 };
  };
  const bindings = { ...env, PARTITION: { getByName: () => ({ apply }) } } as unknown as Env;
  const recordLog = createRecordLog();
  const reader = { env: bindings, tenant: tenant(nextSite()), caller: "server", records: recordLog } as const;
  const ids = Array.from({ length: 300 }, (_, index) => `/page-${index}`);
  for (const id of ids) serve(reader, vectorOf(id, 18_000), undefined);
  await recordLog.flush(bindings);
  const records = sent.flatMap((frames) => [...unpackRecords(frames)]) as unknown as ServedRecord[];
  expect(records.map(({ payload }) => payload.id)).toEqual(ids);
  expect(Math.max(...sent.map(({ length }) => length))).toBeLessThan(500_000);
});

it("sends the vectors of a site while the partition of another one does not respond", async () => {
  const [silent, other] = [nextSite(), nextSite()];
  const called: string[] = [];
  const getByName = (name: string) => ({
    apply: async () => {
      called.push(name);
      return name.includes(silent) ? new Promise(() => {}) : { depth: 0 };
    },
  });
  const bindings = { ...env, PARTITION: { getByName } } as unknown as Env;
  const records = createRecordLog();
  for (const site of [silent, other])
    serve({ env: bindings, tenant: tenant(site), caller: "server", records }, vectorOf("/a", 36), undefined);
  void records.flush(bindings);
  await vi.waitFor(
    () => expect(called).toEqual([expect.stringContaining(silent), expect.stringContaining(other)]),
    20_000,
  );
});
