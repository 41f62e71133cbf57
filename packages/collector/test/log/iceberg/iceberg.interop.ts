import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { LoggedEvent } from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mavenJars, pythonPackages } from "../../../../../tests/interop/install.ts";
import { cleanDay, KEPT_MS } from "../../../src/log/clean-day.ts";
import { compactHour } from "../../../src/log/compact-hour.ts";
import { encodeCut } from "../../../src/log/cut.ts";
import { registerLog } from "../../../src/log/iceberg/register.ts";
import { storeFiles } from "../../../src/log/log-store.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url).href);

const DATE = "2026-11-20";
const NINE = Date.UTC(2026, 10, 20, 9);
const HOUR_MS = 3_600_000;
const pause = () => Promise.resolve();

/** A bucket in a folder, which Java and Python read too. */
const folderBucket = (root: string): R2Bucket => {
  const pathOf = (key: string) => join(root, key);
  const etagOf = (key: string) => readFileSync(pathOf(key)).toString("base64");
  const headOf = (key: string) => (existsSync(pathOf(key)) ? { key, size: statSync(pathOf(key)).size } : null);
  const bucket = {
    head: async (key: string) => headOf(key),
    get: async (key: string) =>
      headOf(key) && Object.assign(new Response(readFileSync(pathOf(key))), { etag: etagOf(key) }),
    async put(key: string, body: Uint8Array | string, options?: { onlyIf?: { etagMatches?: string } }) {
      const { etagMatches } = options?.onlyIf ?? {};
      if (options?.onlyIf && (etagMatches === undefined ? headOf(key) : etagOf(key) !== etagMatches)) return null;
      mkdirSync(dirname(pathOf(key)), { recursive: true });
      writeFileSync(pathOf(key), body);
      return { key };
    },
    async delete(keys: string | string[]) {
      for (const key of [keys].flat()) rmSync(pathOf(key), { force: true });
    },
    async list({ prefix = "" }: R2ListOptions = {}) {
      const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
      const keys = files.map((each) => relative(root, join(each.parentPath, each.name))).sort();
      const objects = keys.filter((key) => key.startsWith(prefix)).map((key) => ({ key, uploaded: new Date() }));
      return { objects, truncated: false };
    },
  };
  return bucket as unknown as R2Bucket;
};

const feature = (name: string, aggregate: object): Feature =>
  ({
    ...{ name, description: "", unit: "", entity: "session", source: "any", window: { type: "session" } },
    aggregate,
  }) as unknown as Feature;

const clicks = feature("clicks", { type: "count" });
const path = feature("path", { type: "last", field: "view.path" });

/**
 * @shows pyiceberg reads from Iceberg's own REST catalogue the records of the log, while its files are merged and deleted
 * @needs Java 17, Maven, and Python 3 with pip; installs the catalogue (82 MB) and pyiceberg 0.12.0 once
 */
describe("the Iceberg tables of a log", { timeout: 60_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "tidemark-iceberg-"));
  const bucket = folderBucket(root);
  let uri = "";
  let server: ChildProcess | undefined;
  let python = "";
  beforeAll(async () => {
    const jars = await mavenJars("iceberg-1.10.1", here("interop/pom.xml"));
    python = await pythonPackages("pyiceberg[pyarrow,pyiceberg-core]==0.12.0");
    const port = await getPort();
    uri = `http://127.0.0.1:${port}`;
    mkdirSync(join(root, "warehouse"));
    const program = [here("interop/Catalog.java"), String(port), join(root, "catalog.db"), `file://${root}/warehouse`];
    server = spawn("java", ["-Xmx384m", "-cp", `${jars}/*`, ...program], { stdio: "ignore" });
    while (!(await fetch(`${uri}/v1/config`).catch(() => undefined))?.ok) {
      if (server.exitCode !== null) throw new Error(`the catalogue ended with ${server.exitCode}`);
      await sleep(100);
    }
    console.log("Iceberg REST catalogue 1.10.1");
  });
  afterAll(() => {
    server?.kill();
    rmSync(root, { recursive: true, force: true });
  });

  const read = (table: string, command = "all") =>
    JSON.parse(
      execFileSync("python3", [here("interop/read_table.py"), uri, table, command], {
        env: { ...process.env, PYTHONPATH: python },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );

  let offset = 0;
  const keys: [partition: number, offset: number][] = [];
  const place = (partition: number, hour: number) => {
    offset += 1;
    return { site: "shop-1", partition, offset, arrival: 1, received_at: NINE + hour * HOUR_MS + offset };
  };
  const store = async (partition: number, records: LogRecord[], features: readonly Feature[] = []) => {
    const offsets = { first_offset: records[0]?.offset as number, last_offset: records.at(-1)?.offset as number };
    const { files, setAside } = await encodeCut(
      { site: "shop-1", partition, ...offsets, records },
      { features, pause },
    );
    expect(setAside).toEqual([]);
    await storeFiles(bucket, files);
  };
  const writeEvents = (partition: number, hour: number, count: number) =>
    store(
      partition,
      Array.from({ length: count }, (): LogRecord => {
        const position = place(partition, hour);
        keys.push([partition, position.offset]);
        const event = { type: "click", session_id: "s", anonymous_id: "a", tab_id: "t", seq: position.offset };
        const time = position.received_at;
        return { kind: "event", ...position, v: 1, event: { ...event, time } as unknown as LoggedEvent };
      }),
    );
  const register = (features: readonly Feature[] = [clicks]) =>
    registerLog(bucket, { uri, bucketUri: `file://${root}` }, { id: "shop-1", features }, Date.now());
  const inOrder = () => keys.toSorted(([a, b], [c, d]) => a - c || b - d);

  it("have the records of the log", async () => {
    await writeEvents(0, 0, 5);
    await writeEvents(1, 0, 3);
    await writeEvents(0, 1, 2);
    expect(await register()).toBe(1);
    console.log(`pyiceberg ${read("shop_1.event", "version")}`);
    expect(read("shop_1.event")).toMatchObject({ keys: inOrder(), files: 3, snapshots: 1 });
    expect(await register()).toBe(0);
  });

  it("leave out files by the bounds of their event times", () => {
    const before = read("shop_1.event", "time < '2026-11-20T10:00:00+00:00'");
    expect([before.files, before.keys.length]).toEqual([2, 8]);
  });

  it("have the same records after files were merged, and after the replaced ones were deleted", async () => {
    await compactHour(bucket, { site: "shop-1", date: DATE, hour: 9 }, pause);
    expect(await register()).toBe(1);
    await cleanDay(bucket, "shop-1", DATE, Date.now() + KEPT_MS + 1_000);
    expect(read("shop_1.event")).toMatchObject({ keys: inOrder(), files: 2, snapshots: 2 });
  });

  it("have further files, also of another day", async () => {
    await writeEvents(0, 24, 4);
    expect(await register()).toBe(1);
    expect(read("shop_1.event")).toMatchObject({ keys: inOrder(), files: 3, snapshots: 3 });
  });

  it("have columns for new features, beside those of earlier ones", async () => {
    const writeVector = (features: readonly Feature[], values: object) => {
      const vector = { session_id: "s", anonymous_id: "a", entity: "session", id: "s", version: 1, closed_at: NINE };
      const counts = { event_time: NINE, definition_version: "v", late: 0, too_late: 0, delivery: {} };
      const record = { kind: "vector", ...place(0, 0), ...vector, ...counts, features: values };
      return store(0, [record as unknown as LogRecord], features);
    };
    await writeVector([clicks], { clicks: 3 });
    await register();
    await writeVector([path], { path: "/a" });
    expect(await register([path])).toBe(1);
    const { features, keys: rows } = read("shop_1.vector");
    expect([features, rows.length]).toEqual([{ feature_clicks: [3], feature_path: ["/a"] }, 2]);
  });

  it("are left alone after another writer has changed them, with an id of 64 bits", async () => {
    expect(BigInt(read("shop_1.event", "append"))).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    await expect(register()).rejects.toThrow(/table event was changed by another writer: drop it/);
  });
});
