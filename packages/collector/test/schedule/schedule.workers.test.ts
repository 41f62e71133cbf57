import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type CutFile, fileName, type LogFile, manifestName } from "@tidemark/schema/log";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, logKeeperOf, logWriterOf, scheduleOf } from "../../src/env.ts";
import { bucketOf } from "../../src/log/bucket.ts";
import { accept, batch, custom, newSession, request } from "../workers/client.ts";
import worker, { tenant } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const bucket = bucketOf(bindings);
const schedule = scheduleOf(bindings);
const admin = { headers: { authorization: "Bearer admin-key" } };

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A time in the next hour: the runtime changes the time of an alarm in the past. */
const NOW = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 5 * MINUTE_MS;

const setTime = (time: number) => vi.spyOn(Date, "now").mockReturnValue(time);

/** The tasks, by name. */
const tasks = (): Promise<Map<string, number>> =>
  runInDurableObject(schedule, (_, { storage }) => {
    const rows = storage.sql.exec<{ name: string; due: number }>("SELECT name, due FROM task").toArray();
    return new Map(rows.map(({ name, due }) => [name, due]));
  });

const alarmTime = () => runInDurableObject(schedule, (_, { storage }) => storage.getAlarm());

const listed = async (): Promise<LogFile[]> =>
  (await (await request("/v1/log/files?site=shop", admin)).json<{ files: LogFile[] }>()).files;

const isStored = async ({ name }: { name: string }) => (await bucket.head(`log/v1/${name}`)) !== null;

/** Lets a session send an event, and writes it into a file of its own. */
const writeFile = async (): Promise<CutFile> => {
  await accept(batch([custom(0)], { session_id: newSession() }));
  return vi.waitFor(
    async () => {
      const { files } = await (await request("/v1/log/cut?site=shop", { ...admin, method: "POST" })).json<{
        files: CutFile[];
      }>();
      expect(files).toHaveLength(1);
      return files[0] as CutFile;
    },
    { timeout: 5_000, interval: 20 },
  );
};

/** Stores files of another site, one for each kind, with nothing in them. */
const storeSome = async (site: string, date: string, kinds: readonly ("event" | "vector")[]): Promise<CutFile[]> => {
  const files = kinds.map((kind): CutFile => {
    const place = { kind, site, date, hour: 0, partition: 0, first_offset: 1, last_offset: 1 };
    return { name: fileName(place), ...place, records: 1, bytes: 4, min_time: 0, max_time: 0 };
  });
  for (const { name } of files) await bucket.put(`log/v1/${name}`, "PAR1");
  await bucket.put(`log/v1/${manifestName(files[0] as CutFile)}`, JSON.stringify({ files }));
  return files;
};

beforeEach(() => {
  setTime(NOW);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the schedule", () => {
  it("merges the files of an hour 15 minutes after it, and those of late records, and deletes them later", async () => {
    const files = [await writeFile(), await writeFile()];
    const { date, hour } = files[0] as CutFile;
    const end = Date.parse(date) + (hour + 1) * HOUR_MS;
    const name = `compact shop ${date} ${hour}`;
    expect((await tasks()).get(name)).toBe(end + 15 * MINUTE_MS);
    expect(((await alarmTime()) as number) % 10_000).toBe(0);

    setTime(end + 15 * MINUTE_MS);
    await runDurableObjectAlarm(schedule);
    expect((await tasks()).has(name)).toBe(false);
    const merged = await listed();
    expect(merged).toEqual([expect.objectContaining({ kind: "event", records: 2, ranges: [expect.anything()] })]);
    for (const file of files) expect(await isStored(file)).toBe(true);

    // The event was received before, and its session sends it now.
    setTime(NOW + 1);
    const late = await writeFile();
    const keeper = logWriterOf(bindings, tenant("shop"), 0);
    await runInDurableObject(keeper, () => setTime(end + 16 * MINUTE_MS));
    await schedule.noteFiles("shop", 7, [late]);
    expect((await tasks()).get(name)).toBe(end + 31 * MINUTE_MS);
    setTime(end + 31 * MINUTE_MS);
    await runDurableObjectAlarm(schedule);
    expect((await listed()).map(({ records }) => records)).toEqual([3]);

    setTime(end + 2 * HOUR_MS);
    await runDurableObjectAlarm(schedule);
    for (const file of [...files, late, ...merged]) expect(await isStored(file)).toBe(false);
    expect(await isStored((await listed())[0] as LogFile)).toBe(true);
    expect([...(await tasks()).keys()]).toEqual(["keep shop"]);
  });

  it("finds hours that nobody has noted, within a day", async () => {
    await writeFile();
    await writeFile();
    const { date, hour } = await writeFile();
    await runInDurableObject(schedule, (_, { storage }) => {
      storage.sql.exec("DELETE FROM task WHERE name LIKE 'compact %'");
    });
    await schedule.noteFiles("shop", 7, []);
    setTime(NOW + DAY_MS);
    await runInDurableObject(schedule, (_, { storage }) => {
      storage.sql.exec("UPDATE task SET due = ?", Date.now());
    });
    await runDurableObjectAlarm(schedule);
    expect((await tasks()).get(`compact shop ${date} ${hour}`)).toBe(NOW + DAY_MS + 15 * MINUTE_MS);
    setTime(NOW + DAY_MS + 20 * MINUTE_MS);
    await runDurableObjectAlarm(schedule);
    expect((await listed()).filter((file) => !("ranges" in file))).toEqual([]);
  });

  it("expires files by kind, and those of a site that has no log any more after the days that it had", async () => {
    const day = (ago: number) => new Date(NOW - ago * DAY_MS).toISOString().slice(0, 10);
    const [kept, expired, older] = [
      await storeSome("gone", day(3), ["event", "vector"]),
      await storeSome("gone", day(5), ["event", "vector"]),
      await storeSome("gone", day(9), ["event", "vector"]),
    ];
    const compacted = { ...(expired[0] as CutFile), name: "kind=event/site=gone/compacted-1.parquet", ranges: [] };
    await bucket.put(`log/v1/${compacted.name}`, "PAR1");
    const manifest = `log/v1/manifest/site=gone/date=${day(5)}/compacted.json`;
    await bucket.put(manifest, JSON.stringify({ generation: 1, files: [compacted], replaced: [] }));
    await schedule.noteFiles("gone", { default: 4, vector: 8 }, []);
    setTime(NOW + 10 * MINUTE_MS);
    await runDurableObjectAlarm(schedule);
    const isLeft = (files: readonly { name: string }[]) => Promise.all(files.map(isStored));
    expect([await isLeft(kept), await isLeft([...expired, compacted]), await isLeft(older)]).toEqual([
      [true, true],
      [false, true, false],
      [false, false],
    ]);
    const manifests = (await bucket.list({ prefix: "log/v1/manifest/site=gone/" })).objects.map(({ key }) => key);
    expect(manifests.map((key) => key.split("/").slice(4).join("/"))).toEqual([
      `date=${day(5)}/00.json`,
      `date=${day(5)}/compacted.json`,
      `date=${day(3)}/00.json`,
    ]);
    expect(await (await bucket.get(manifest))?.json()).toEqual({ generation: 2, files: [], replaced: [] });

    setTime(NOW + 20 * DAY_MS);
    await runDurableObjectAlarm(schedule);
    expect((await bucket.list({ prefix: "log/v1/manifest/site=gone/" })).objects).toEqual([]);
    expect([...(await tasks()).keys()].filter((name) => name.includes("gone"))).toEqual([]);
  });

  it("takes over the expiry that a writer of an earlier version has planned", async () => {
    const writer = logWriterOf(bindings, tenant("blog"), 0);
    await runInDurableObject(writer, async (_, { storage }) => {
      storage.kv.put("retention", { site: "blog", partition: 0, days: 7 });
      await storage.setAlarm(Date.now() + DAY_MS);
    });
    expect(await runDurableObjectAlarm(writer)).toBe(true);
    expect((await tasks()).has("keep blog")).toBe(true);
    expect(await runInDurableObject(writer, (_, { storage }) => storage.kv.get("retention"))).toBeUndefined();
    expect(await runDurableObjectAlarm(writer)).toBe(false);
  });

  it("repeats a task that fails, later each time, and runs the others", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    await bucket.put("log/v1/manifest/site=broken/date=2026-01-01/00.json", "{");
    await schedule.noteFiles("broken", 30, []);
    await schedule.noteFiles("empty", 30, []);
    let now = NOW + 10 * MINUTE_MS;
    for (const wait of [1, 2, 4]) {
      setTime(now);
      await runDurableObjectAlarm(schedule);
      expect((await tasks()).get("keep broken")).toBe(now + wait * MINUTE_MS);
      now += wait * MINUTE_MS;
    }
    expect((await tasks()).has("keep empty")).toBe(false);
    await bucket.delete("log/v1/manifest/site=broken/date=2026-01-01/00.json");
    setTime(now);
    await runDurableObjectAlarm(schedule);
    expect((await tasks()).has("keep broken")).toBe(false);
  });

  it("registers the files in the Iceberg catalogue of the deployment after each change, and repeats it", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    type Tenant = { iceberg?: object };
    await runInDurableObject(schedule, (instance) => {
      const { tenants } = instance as unknown as { tenants: Map<string, Tenant> };
      (tenants.get("shop") as Tenant).iceberg = { catalog: "https://catalog.example", bucket: "s3://log" };
    });
    const paths: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      paths.push(url);
      return new Response("no", { status: 503 });
    });
    await schedule.noteReplaced("shop", "2026-11-29");
    expect((await tasks()).get("register shop")).toBe(NOW + 10_000);
    setTime(NOW + 10_000);
    await runDurableObjectAlarm(schedule);
    expect(paths).toEqual(["https://catalog.example/v1/config"]);
    expect((await tasks()).get("register shop")).toBe(NOW + 10_000 + MINUTE_MS);
    vi.unstubAllGlobals();
    await runInDurableObject(schedule, (instance) => {
      const { tenants } = instance as unknown as { tenants: Map<string, Tenant> };
      delete tenants.get("shop")?.iceberg;
    });
  });

  it("has its alarm again when a cron wakes it", async () => {
    await schedule.noteFiles("empty", 30, []);
    const at = await alarmTime();
    await runInDurableObject(schedule, (_, { storage }) => storage.deleteAlarm());
    await worker.scheduled({} as ScheduledController, bindings);
    expect(await alarmTime()).toBe(at);
  });

  it("is not needed by the writer of the log", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    await runInDurableObject(schedule, (instance) => {
      vi.spyOn(instance, "noteFiles").mockRejectedValue(new Error("the schedule is away"));
    });
    setTime(NOW + 26 * HOUR_MS);
    expect(await isStored(await writeFile())).toBe(true);
  });

  it("has a log merged without waiting on request", async () => {
    const files = [await writeFile(), await writeFile()];
    const response = await request("/v1/log/compact?site=shop", { ...admin, method: "POST" });
    expect((await response.json<{ replaced: number }>()).replaced).toBeGreaterThanOrEqual(2);
    const left = (await listed()).map(({ name }) => name);
    for (const { name } of files) expect(left).not.toContain(name);
    expect(await logKeeperOf(bindings, "shop", undefined).keep("shop", 3_650)).toMatchObject({ hours: [] });
  });
});
