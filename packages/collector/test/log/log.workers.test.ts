import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type CutFile, compactedFileName, fileName, hourOf, type LogRecord, manifestName } from "@tidemark/schema/log";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Env, logWriterOf, partitionOf, sessionOf } from "../../src/env.ts";
import { bucketOf } from "../../src/log/bucket.ts";
import { mergeFiles } from "../../src/log/merge-files.ts";
import { ParquetSource } from "../../src/log/parquet-source.ts";
import { rangeOffsets } from "../../src/log/stream-records.ts";
import type { StreamRange } from "../../src/records/stream.ts";
import {
  accept,
  batch,
  batchFor,
  custom,
  errorOf,
  newSession,
  page,
  request,
  rowsOf,
  vectorOf,
  view,
} from "../workers/client.ts";
import { tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const admin = { headers: { authorization: "Bearer admin-key" } };
const partition = partitionOf(bindings, tenant("shop"), 0);

const tailOf = async (session: string): Promise<LogRecord[]> => {
  const text = await (await request("/v1/log/tail?site=shop", admin)).text();
  const records = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogRecord);
  return records.filter(
    (record) => (record.kind === "event" ? record.event.session_id : record.session_id) === session,
  );
};

const cut = async (): Promise<CutFile[]> =>
  (await (await request("/v1/log/cut?site=shop", { ...admin, method: "POST" })).json<{ files: CutFile[] }>()).files;

const listed = async (query = ""): Promise<CutFile[]> =>
  (await (await request(`/v1/log/files?site=shop${query}`, admin)).json<{ files: CutFile[] }>()).files;

const eventually = (assertion: () => Promise<void>) => vi.waitFor(assertion, { timeout: 20_000, interval: 20 });

const seqsIn = (records: LogRecord[]) => records.flatMap((record) => (record.kind === "event" ? record.event.seq : []));

afterEach(() => {
  traffic.fault = () => undefined;
});

describe("the log", () => {
  it("has each accepted event once, with its context, in the order of acceptance", async () => {
    const session_id = newSession();
    const first = batch([page(0), custom(1), { type: "custom", seq: 2 }, custom(1)], { session_id, user_id: "ann" });
    await accept(first);
    await accept(first);
    await accept(batch([custom(3)], { session_id, user_id: "ann" }));
    await eventually(async () => expect(seqsIn(await tailOf(session_id))).toEqual([0, 1, 3]));
    const records = await tailOf(session_id);
    expect(records.map(({ arrival }) => arrival)).toEqual([1, 2, 3]);
    const offsets = records.map(({ offset }) => offset);
    expect(offsets).toEqual([...new Set(offsets)].sort((one, other) => one - other));
    expect(records[0]).toMatchObject({
      ...{ kind: "event", site: "shop", partition: 0, v: 1, received_at: expect.any(Number) },
      event: { ...page(0), time: expect.any(Number), view, session_id, anonymous_id: "anonymous1", user_id: "ann" },
    });
  });

  it("has an event that arrives while pushes fail, are repeated, and objects restart", async () => {
    const session_id = newSession();
    const faults = ["lose_request", "lose_response", "lose_response", undefined, "lose_response"] as const;
    let call = 0;
    traffic.fault = ({ sender }) => (sender === session_id ? faults[call++] : undefined);
    for (let seq = 0; seq < 6; seq += 1) {
      await accept(batch([custom(seq)], { session_id }));
      if (seq % 2 === 0) await evictDurableObject(sessionOf(bindings, tenant("shop"), session_id));
      if (seq % 3 === 0) await evictDurableObject(partition);
    }
    await eventually(async () => {
      await runDurableObjectAlarm(sessionOf(bindings, tenant("shop"), session_id));
      expect(seqsIn(await tailOf(session_id))).toEqual([0, 1, 2, 3, 4, 5]);
    });
    expect(call).toBeGreaterThanOrEqual(faults.length);
  });

  it("names no person without consent to personalisation", async () => {
    const session_id = newSession();
    const consent = { measurement: "granted", personalisation: "denied" };
    const who = { session_id, anonymous_id: "browser-of-eve", user_id: "eve@example.org", consent };
    const identify = { ...custom(1), type: "identify", user_id: "eve@example.org", traits: { plan: "eve-plan" } };
    await accept(batch([custom(0), identify], who));
    await accept(batch([custom(2)], who));
    await eventually(async () => expect(seqsIn(await tailOf(session_id))).toEqual([0, 2]));
    const ids = (await tailOf(session_id)).map((record) => record.kind === "event" && record.event.anonymous_id);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    for (const text of [JSON.stringify(await tailOf(session_id))])
      for (const name of ["browser-of-eve", "eve@example.org", "eve-plan"]) expect(text).not.toContain(name);

    const session = sessionOf(bindings, tenant("shop"), session_id);
    await runInDurableObject(session, () => vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000));
    await runDurableObjectAlarm(session);
    vi.restoreAllMocks();
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(3));
    const vector = (await tailOf(session_id)).at(-1);
    expect(vector).toMatchObject({ kind: "vector", anonymous_id: ids[0] });
    expect(JSON.stringify(vector)).not.toMatch(/browser-of-eve|eve@example.org|eve-plan|user_id/);

    const another = newSession();
    await accept(batch([custom(0)], { ...who, session_id: another }));
    await eventually(async () => expect(await tailOf(another)).toHaveLength(1));
    const [record] = await tailOf(another);
    expect(record?.kind === "event" && record.event.anonymous_id).not.toBe(ids[0]);
  });

  it("has the final vector of a session, with its version", async () => {
    const session_id = newSession();
    await accept(batch([custom(0)], { session_id, anonymous_id: "browser-1", user_id: "ann" }));
    const session = sessionOf(bindings, tenant("shop"), session_id);
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(1));
    await runInDurableObject(session, () => vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000));
    await runDurableObjectAlarm(session);
    vi.restoreAllMocks();
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(2));
    const [, vector] = await tailOf(session_id);
    const { features, definition_version } = await vectorOf(session_id);
    expect(vector).toMatchObject({
      ...{ kind: "vector", entity: "session", id: session_id, session_id, anonymous_id: "browser-1", arrival: 2 },
      user_id: "ann",
      ...{ version: 1, definition_version, features: { event_count: features.event_count } },
    });
  });

  it("is written into files, which the tail then leaves out", async () => {
    const session_id = newSession();
    await accept(batch([page(0), custom(1)], { session_id }));
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(2));
    const files = await cut();
    expect(await tailOf(session_id)).toEqual([]);
    const [file] = files.filter(({ kind }) => kind === "event");
    expect(file?.name).toMatch(/^kind=event\/site=shop\/date=\d{4}-\d\d-\d\d\/hour=\d\d\/00-\d{16}-\d{16}\.parquet$/);
    expect(await listed()).toEqual(expect.arrayContaining(files));

    const response = await request(`/v1/log/files/${file?.name}`, admin);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect([response.status, bytes.length]).toEqual([200, file?.bytes]);
    const text = (start: number, end?: number) => new TextDecoder().decode(bytes.slice(start, end));
    expect([text(0, 4), text(-4)]).toEqual(["PAR1", "PAR1"]);
    const part = await request(`/v1/log/files/${file?.name}`, { headers: { ...admin.headers, range: "bytes=-4" } });
    expect([part.status, await part.text()]).toEqual([206, "PAR1"]);
    expect(part.headers.get("content-range")).toBe(`bytes ${bytes.length - 4}-${bytes.length - 1}/${bytes.length}`);
    const several = await request(`/v1/log/files/${file?.name}`, {
      headers: { ...admin.headers, range: "bytes=0-1,3-4" },
    });
    expect([several.status, (await several.bytes()).length]).toEqual([200, bytes.length]);
    const beyond = await request(`/v1/log/files/${file?.name}`, {
      headers: { ...admin.headers, range: "bytes=9999999-" },
    });
    expect(beyond.headers.get("content-range")).toBe(`bytes */${bytes.length}`);
    expect(await errorOf(beyond)).toEqual([
      ...[416, "range_not_satisfiable"],
      `Range: expected a part of ${bytes.length} bytes, such as bytes=0-${bytes.length - 1}; given bytes=9999999-.`,
    ]);
  });

  it("counts the bytes of its files, and the waits for their storage, in the metrics", async () => {
    const metricOf = async (series: string) => {
      const lines = (await (await request("/metrics", admin)).text()).split("\n");
      return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1) ?? 0);
    };
    const bytesBefore = await metricOf('tidemark_log_bytes_total{site="shop"}');
    const session_id = newSession();
    await accept(batch([page(0)], { session_id }));
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(1));
    const files = await cut();
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    await eventually(async () => {
      expect(await metricOf('tidemark_log_bytes_total{site="shop"}')).toBeGreaterThanOrEqual(bytesBefore + bytes);
      expect(await metricOf('tidemark_wait_seconds_count{on="put",outcome="ok"}')).toBeGreaterThanOrEqual(files.length);
    });
  });

  it("has each event in one file while several writers are called and events arrive", async () => {
    const session_id = newSession();
    await cut();
    const before = new Set((await listed()).map(({ name }) => name));
    const sending = (async () => {
      for (let seq = 0; seq < 20; seq += 1) await accept(batch([custom(seq)], { session_id }));
    })();
    while (await Promise.race([sending.then(() => false), scheduler.wait(20).then(() => true)]))
      await Promise.all([cut(), cut(), cut()]);
    await eventually(async () => {
      await cut();
      const files = (await listed()).filter(({ kind, name }) => kind === "event" && !before.has(name));
      expect(files.reduce((sum, { records }) => sum + records, 0)).toBe(20);
      const inOrder = files.toSorted((one, other) => one.first_offset - other.first_offset);
      for (const [place, { first_offset }] of inOrder.slice(1).entries())
        expect(first_offset).toBeGreaterThan(inOrder[place]?.last_offset ?? 0);
      expect(await tailOf(session_id)).toEqual([]);
    });
  });

  it("is not written past a damaged manifest, which the error names, and is complete when that is mended", async () => {
    const session_id = newSession();
    await accept(batch([custom(0)], { session_id }));
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(1));
    const name = manifestName({ site: "shop", ...hourOf(Date.now()), partition: 0 });
    const key = `log/v1/${name}`;
    const sound = (await (await bucketOf(bindings).get(key))?.text()) ?? '{"files":[]}';
    await bucketOf(bindings).put(key, "{");
    const failure = await logWriterOf(bindings, tenant("shop"), 0)
      .write("shop", 0)
      .catch((error: Error) => error.message);
    expect(failure).toBe(`${key} in the bucket of the log is damaged: expected a manifest as JSON`);
    expect(await tailOf(session_id)).toHaveLength(1);
    await bucketOf(bindings).put(key, sound);
    const files = (await cut()).filter(({ kind }) => kind === "event");
    expect([files.length, (await listed()).filter(({ name }) => name === files[0]?.name).length]).toEqual([1, 1]);
    expect(await tailOf(session_id)).toEqual([]);
  });

  it("lists a file whose hour has not begun by this clock, and by any times", async () => {
    const place = { kind: "event", site: "shop", date: "2999-12-31", hour: 23, partition: 62 } as const;
    const offsets = { first_offset: 1, last_offset: 1 };
    const file: CutFile = {
      ...{ name: fileName({ ...place, ...offsets }), ...place, ...offsets },
      ...{ records: 1, bytes: 4, min_time: 0, max_time: 0 },
    };
    await bucketOf(bindings).put(`log/v1/${manifestName(place)}`, JSON.stringify({ files: [file] }));
    for (const query of ["", "&to=%2B275760-09-13", "&from=-200000-01-01&to=9999-12-31"])
      expect(await listed(query)).toContainEqual(file);
    expect(await listed("&to=2999-12-31")).not.toContainEqual(file);
  });

  it("lists a file with the size that it has, also when another version encoded it first", async () => {
    const session_id = newSession();
    await accept(batch([custom(0)], { session_id }));
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(1));
    const range = await partition.beginCut("shop", 0);
    const place = { kind: "event", site: "shop", ...hourOf(Date.now()), partition: 0 } as const;
    const name = fileName({ ...place, ...rangeOffsets(range as StreamRange) });
    await bindings.LOG?.put(`log/v1/${name}`, "as an earlier version encodes it");
    const [file] = (await cut()).filter((each) => each.name === name);
    const [inList] = (await listed()).filter((each) => each.name === name);
    expect([file?.bytes, inList?.bytes]).toEqual([32, 32]);
  });

  it("has the same files when the writer stops after it has stored them", async () => {
    const session_id = newSession();
    await accept(batch([custom(0)], { session_id }));
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(1));
    traffic.losesConfirmation = true;
    const failure = await logWriterOf(bindings, tenant("shop"), 0)
      .write("shop", 0)
      .catch((error: Error) => error.message);
    expect(failure).toBe("the confirmation is lost");
    traffic.losesConfirmation = false;
    const before = (await listed()).filter(({ kind }) => kind === "event");
    await accept(batch([custom(1)], { session_id }));
    await eventually(async () => {
      await cut();
      const files = (await listed()).filter(({ kind }) => kind === "event");
      expect(files).toEqual(expect.arrayContaining(before));
      expect(files.length).toBeGreaterThan(before.length);
      const inOrder = files.toSorted((one, other) => one.first_offset - other.first_offset);
      for (const [place, { first_offset }] of inOrder.slice(1).entries())
        expect(first_offset).toBeGreaterThan(inOrder[place]?.last_offset ?? 0);
    });
  });

  it("is written after a while without an order, also by an object that stopped meanwhile", async () => {
    const session_id = newSession();
    await accept(batch([custom(0)], { session_id }));
    await eventually(async () => expect(await tailOf(session_id)).toHaveLength(1));
    const at = await runInDurableObject(partition, (_, { storage }) => storage.getAlarm());
    expect(at).toBeLessThanOrEqual(Date.now() + 900_000);
    await evictDurableObject(partition);
    await runInDurableObject(partition, () => vi.spyOn(Date, "now").mockReturnValue(Date.now() + 901_000));
    await runDurableObjectAlarm(partition);
    vi.restoreAllMocks();
    await eventually(async () => expect(await tailOf(session_id)).toEqual([]));
  });

  it("lists a stored file in place of others with the same records, and nothing else", async () => {
    const written: CutFile[] = [];
    for (let seq = 0; seq < 2; seq += 1) {
      const session_id = newSession();
      await accept(batch([custom(0)], { session_id }));
      await eventually(async () => expect(await tailOf(session_id)).toHaveLength(1));
      written.push(...(await cut()));
    }
    const [{ kind, site, date }] = written as [CutFile];
    const names = written.map(({ name }) => name);
    const sources: ParquetSource[] = [];
    for (const name of names)
      sources.push(
        new ParquetSource(new Uint8Array(await (await request(`/v1/log/files/${name}`, admin)).arrayBuffer())),
      );
    const { bytes, ...figures } = await mergeFiles(sources, kind, async () => {});
    const file = { name: compactedFileName({ kind, site, date }, undefined, "a-1"), kind, site, date, ...figures };
    const put = (name: string, headers = admin.headers) =>
      request(`/v1/log/compacted/${name}`, { method: "PUT", headers, body: bytes as BodyInit });
    const replace = async (body: object) =>
      (
        await request("/v1/log/replace?site=shop", { ...admin, method: "POST", body: JSON.stringify(body) })
      ).json<object>();
    expect((await errorOf(await put(file.name, {} as never)))[1]).toBe("unauthorized");
    for (const name of [names[0], `kind=event/site=blog/date=${date}/hour=all/compacted-1.parquet`, "x"])
      expect((await errorOf(await put(name as string)))[1]).toBe("invalid_query");
    expect(await replace({ date, sources: names, files: [file] })).toEqual({
      replaced: false,
      reason: `the log has no file ${file.name}`,
    });
    expect(await (await put(file.name)).json()).toEqual({ stored: true });
    expect(await (await put(file.name)).json()).toEqual({ stored: false });
    expect(await replace({ date, sources: names, files: [{ ...file, records: 9 }] })).toEqual({
      replaced: false,
      reason: `${file.name} has 2 records; expected 9`,
    });
    expect(await replace({ date, sources: names.slice(0, 1), files: [file] })).toEqual({
      replaced: false,
      reason: `${names[0]}: its replacement has 2 of 1 records`,
    });
    expect(await replace({ date, sources: names, files: [file] })).toEqual({ replaced: true });
    expect(await replace({ date, sources: names, files: [file] })).toEqual({
      replaced: false,
      reason: "some of the replaced files are not listed any more",
    });
    const listedFiles = await listed();
    expect(listedFiles.filter(({ name }) => names.includes(name))).toEqual([]);
    expect(listedFiles).toContainEqual({ ...file, bytes: bytes.length, ranges: expect.any(Array) });
  });

  it("of a site without one is refused with what to do, and nothing of an event stays", async () => {
    const session_id = newSession("blog");
    await accept(batchFor("blog", [{ ...custom(0), properties: { note: "secret-note" } }], { session_id }));
    const session = sessionOf(bindings, tenant("blog"), session_id);
    const rows = await runInDurableObject(session, (_, { storage }) => rowsOf(storage));
    expect(JSON.stringify(rows)).not.toContain("secret-note");
    for (const route of ["files", "tail"])
      expect(await errorOf(await request(`/v1/log/${route}?site=blog`, admin))).toEqual([
        ...[404, "no_log"],
        "Site blog has no log: add log: { days: 30 } to it in tidemark.config.ts.",
      ]);
  });

  it("rejects requests without the admin key, and with a wrong site or time", async () => {
    for (const [path, init] of [["files"], ["files/x"], ["tail"], ["cut", { method: "POST" }]] as [
      string,
      RequestInit?,
    ][])
      expect((await errorOf(await request(`/v1/log/${path}?site=shop`, init)))[1]).toBe("unauthorized");
    const errors = [
      "files",
      "files?site=nowhere",
      "files?site=shop&from=yesterday",
      "files/nothing",
      `files/kind=${"x".repeat(2_000)}.parquet`,
      `files/kind=${encodeURIComponent("€".repeat(400))}.parquet`,
      "files/kind=event/..%2f..%2fmanifest%2fsite=shop.parquet",
      "files/kind=%00%0a.parquet",
      "files/%E0%A4",
    ].map(async (path) => errorOf(await request(`/v1/log/${path}`, admin)));
    expect((await Promise.all(errors)).map(([status, code]) => [status, code])).toEqual([
      [400, "invalid_query"],
      [404, "not_found"],
      [400, "invalid_query"],
      [404, "not_found"],
      [404, "not_found"],
      [404, "not_found"],
      [404, "not_found"],
      [404, "not_found"],
      [404, "not_found"],
    ]);
  });
});
