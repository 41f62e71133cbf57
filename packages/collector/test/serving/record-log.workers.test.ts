import type { RollupVectorResponse } from "@tidemark/schema";
import { expect, it, vi } from "vitest";
import { accept, batch, custom, page, readRollup, request, rollupVectorOf } from "../workers/client.ts";

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
