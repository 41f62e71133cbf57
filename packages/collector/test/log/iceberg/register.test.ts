import type { LoggedEvent } from "@tidemark/engine";
import type { LogRecord } from "@tidemark/schema/log";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeCut } from "../../../src/log/cut.ts";
import type { Snapshot, TableMetadata } from "../../../src/log/iceberg/catalog.ts";
import { exactJson, parseExact } from "../../../src/log/iceberg/exact-json.ts";
import { registerLog } from "../../../src/log/iceberg/register.ts";
import { storeFiles } from "../../../src/log/log-store.ts";
import { createMemoryBucket } from "../memory-bucket.ts";

const NINE = Date.UTC(2026, 10, 29, 9);
const HOUR_MS = 3_600_000;

/** An id of 64 bits, which a number of JavaScript does not hold. */
const LONG_ID = "6100838869053785874";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A REST catalogue in memory: the calls that a registration makes, and nothing else. */
const stubCatalog = () => {
  const tables = new Map<string, TableMetadata>();
  const requests: { method: string; path: string; text: string; token: string | null }[] = [];
  /** Changes the id of the latest snapshot, as if another client had chosen it. */
  const setCurrentId = (table: string, id: bigint) => {
    const metadata = tables.get(table) as TableMetadata;
    (metadata.snapshots?.at(-1) as Snapshot)["snapshot-id"] = id;
    metadata["current-snapshot-id"] = id;
  };
  const respond = (path: string, text: string): [number, unknown] => {
    const [, name = ""] = /^\/v1\/p\/namespaces\/shop_1\/tables\/(\w+)$/.exec(path) ?? [];
    if (path.startsWith("/v1/config")) return [200, { overrides: { prefix: "p" } }];
    if (path === "/v1/p/namespaces") return [409, { error: { code: 409 } }];
    if (path === "/v1/p/namespaces/shop_1/tables") {
      const { name: table, schema } = parseExact<{ name: string; schema: TableMetadata["schemas"][number] }>(text);
      const location = `s3://bucket/iceberg/${table}`;
      const sequence = { "last-sequence-number": 0, "current-schema-id": 0 };
      tables.set(table, { location, ...sequence, schemas: [schema], "current-snapshot-id": -1, snapshots: [] });
      return [200, { metadata: tables.get(table) }];
    }
    const metadata = tables.get(name);
    if (!metadata) return [404, { error: { code: 404 } }];
    if (text === "") return [200, { metadata }];
    const { requirements, updates } = parseExact<{
      requirements: { "snapshot-id": bigint | number | null }[];
      updates: { action: string; snapshot?: Snapshot; "snapshot-ids"?: (bigint | number)[] }[];
    }>(text);
    const current = metadata["current-snapshot-id"] === -1 ? null : metadata["current-snapshot-id"];
    if (requirements[0]?.["snapshot-id"] !== current) return [409, { error: { code: 409 } }];
    for (const { action, snapshot, "snapshot-ids": removed } of updates) {
      if (action === "add-snapshot" && snapshot) {
        metadata.snapshots?.push(snapshot);
        metadata["current-snapshot-id"] = snapshot["snapshot-id"];
        metadata["last-sequence-number"] = snapshot["sequence-number"];
      }
      if (removed)
        metadata.snapshots = metadata.snapshots?.filter((each) => !removed.includes(each["snapshot-id"])) ?? [];
    }
    return [200, { metadata }];
  };
  vi.stubGlobal("fetch", async (url: string, { method = "GET", body = "", headers }: RequestInit) => {
    const path = url.replace("https://catalog.example", "");
    requests.push({ method, path, text: `${body}`, token: new Headers(headers).get("authorization") });
    const [status, value] = respond(path, `${body}`);
    return new Response(exactJson(value), { status });
  });
  return { tables, requests, setCurrentId };
};

const write = async (bucket: R2Bucket, offset: number, hour: number) => {
  const event = { type: "click", session_id: "s", anonymous_id: "a", tab_id: "t", seq: offset, time: NINE };
  const record: LogRecord = {
    ...{ kind: "event", site: "shop-1", partition: 0, offset, arrival: 1, received_at: NINE + hour * HOUR_MS, v: 1 },
    event: event as unknown as LoggedEvent,
  };
  const cut = { site: "shop-1", partition: 0, first_offset: offset, last_offset: offset, records: [record] };
  await storeFiles(bucket, (await encodeCut(cut, { features: [], pause: async () => {} })).files);
};

const register = (bucket: R2Bucket, now: number) => {
  const target = { uri: "https://catalog.example", warehouse: "a b", token: "secret", bucketUri: "s3://bucket/" };
  return registerLog(bucket, target, { id: "shop-1", features: [] }, now);
};

describe("exact JSON", () => {
  it("keeps integers of 64 bits, and everything else", () => {
    const text = `{"snapshot-id":${LONG_ID},"list":[-${LONG_ID},1,1.5,1e30,"${LONG_ID}",null,true]}`;
    const parsed = parseExact<Record<string, unknown>>(text);
    expect(parsed["snapshot-id"]).toBe(BigInt(LONG_ID));
    expect(exactJson(parsed)).toBe(text.replace("1e30", "1e+30"));
  });
});

describe("a registration", () => {
  it("makes a table equal to the list of the log, and names the snapshot before it exactly", async () => {
    const { bucket } = createMemoryBucket();
    const { tables, requests, setCurrentId } = stubCatalog();
    await write(bucket, 1, 0);
    expect(await register(bucket, NINE + 2 * HOUR_MS)).toBe(1);
    expect(await register(bucket, NINE + 2 * HOUR_MS)).toBe(0);
    expect(new Set(requests.map(({ token }) => token))).toEqual(new Set(["Bearer secret"]));
    expect(requests[0]?.path).toBe("/v1/config?warehouse=a%20b");
    setCurrentId("event", BigInt(LONG_ID));
    await write(bucket, 2, 0);
    expect(await register(bucket, NINE + 2 * HOUR_MS)).toBe(1);
    const commit = requests.findLast(({ text }) => text.includes("assert-ref-snapshot-id"))?.text;
    expect(commit).toContain(`"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":${LONG_ID}}`);
    expect(commit).toContain(`"parent-snapshot-id":${LONG_ID},`);
    const snapshot = tables.get("event")?.snapshots?.at(-1);
    expect(snapshot?.summary).toMatchObject({ operation: "append", "total-records": "2", "total-data-files": "2" });
  });

  it("leaves out files of an hour that is not over for 15 minutes", async () => {
    const { bucket } = createMemoryBucket();
    const { tables } = stubCatalog();
    await write(bucket, 1, 0);
    await write(bucket, 2, 1);
    await register(bucket, NINE + HOUR_MS + 900_000);
    expect(tables.get("event")?.snapshots?.at(-1)?.summary["total-records"]).toBe("1");
  });

  it("deletes the objects of earlier snapshots, once no snapshot needs them", async () => {
    const memory = createMemoryBucket();
    const { tables } = stubCatalog();
    let now = NINE + 2 * HOUR_MS;
    for (let offset = 1; offset < 9; offset += 1, now += HOUR_MS) {
      await write(memory.bucket, offset, 0);
      expect(await register(memory.bucket, now)).toBe(1);
    }
    const objects = memory.keys().filter((key) => key.startsWith("iceberg/"));
    expect(objects.length).toBeLessThan(3 * 4 + 1);
    const snapshots = tables.get("event")?.snapshots ?? [];
    expect(snapshots.length).toBeLessThan(4);
    for (const each of snapshots) expect(objects).toContain(each["manifest-list"].replace("s3://bucket/", ""));
  });

  it("rejects a table of another writer, and a failure of the catalogue", async () => {
    const { bucket } = createMemoryBucket();
    const { tables } = stubCatalog();
    await write(bucket, 1, 0);
    await register(bucket, NINE + 2 * HOUR_MS);
    (tables.get("event")?.snapshots?.at(-1) as Snapshot).summary = {};
    await expect(register(bucket, NINE + 2 * HOUR_MS)).rejects.toThrow(/event was changed by another writer/);
    vi.stubGlobal("fetch", async () => new Response("no", { status: 503 }));
    await expect(register(bucket, NINE + 2 * HOUR_MS)).rejects.toThrow(/catalog.example responded 503 to \/config/);
  });
});
