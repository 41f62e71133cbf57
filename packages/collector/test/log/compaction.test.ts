import type { LoggedEvent } from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";
import { type LogFile, type LogRecord, type OffsetRange, rangesOf } from "@tidemark/schema/log";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanDay, KEPT_MS } from "../../src/log/clean-day.ts";
import { compactHour } from "../../src/log/compact-hour.ts";
import { type EncodedFile, encodeCut } from "../../src/log/cut.ts";
import { getFile, listFiles, storeFiles } from "../../src/log/log-store.ts";
import { ParquetSource } from "../../src/log/parquet-source.ts";
import { keepLog } from "../../src/log/retention.ts";
import { createMemoryBucket, type MemoryBucket } from "./memory-bucket.ts";

const DATE = "2026-11-29";
const NINE = Date.UTC(2026, 10, 29, 9);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const pause = () => Promise.resolve();

/** A cut of a partition: the hours at which its records were received. */
type CutOf = { partition: number; hours: number[] };

/** A record's place: partition, offset and hour. */
type Place = [partition: number, offset: number, hour: number];

const OFFSETS_OF_CUT = 100;

const recordsOf = ({ partition, hours }: CutOf, first: number): LogRecord[] =>
  hours.map((hour, index): LogRecord => {
    const event = { type: "click", session_id: `s${index % 3}`, anonymous_id: "a", tab_id: "t", seq: first + index };
    return {
      ...{ kind: "event", site: "shop", partition, offset: first + index, arrival: 1, v: 1 },
      received_at: NINE + hour * HOUR_MS + first + index,
      event: { ...event, time: NINE + hour * HOUR_MS } as unknown as LoggedEvent,
    };
  });

/** An encoded cut. */
interface Cut {
  files: EncodedFile[];
  places: Place[];
  partition: number;
}

/** The files of cuts, each with the next offsets of its partition. */
const encodeCuts = async (cuts: readonly CutOf[], features: readonly Feature[] = []) => {
  const counts = new Map<number, number>();
  const encoded: Cut[] = [];
  for (const cut of cuts) {
    const { partition } = cut;
    const first_offset = (counts.get(partition) ?? 0) * OFFSETS_OF_CUT;
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
    const records = recordsOf(cut, first_offset);
    const offsets = { first_offset, last_offset: first_offset + OFFSETS_OF_CUT - 1 };
    const { files } = await encodeCut({ site: "shop", partition, ...offsets, records }, { features, pause });
    const places = cut.hours.map((hour, index): Place => [partition, first_offset + index, 9 + hour]);
    encoded.push({ files, places, partition });
  }
  return encoded;
};

const isIn =
  ([partition, offset, hour]: Place) =>
  (range: OffsetRange) =>
    range.partition === partition && range.hour === hour && offset >= range.first_offset && offset <= range.last_offset;

/** The records of a file. */
const placesIn = (bytes: Uint8Array<ArrayBuffer>): Place[] => {
  const source = new ParquetSource(bytes);
  const columns = ["partition", "offset", "received_at"].map((name) =>
    [...source.read(name)].flatMap(({ values }) => Array.from(values, Number)),
  );
  const [partitions, offsets, times] = columns as [number[], number[], number[]];
  return partitions.map((partition, row) => [
    partition,
    offsets[row] as number,
    new Date((times[row] as number) / 1000).getUTCHours(),
  ]);
};

/** Reads the log as a program does: the tail, then the list, then each file. @returns `undefined` if a file is gone. */
const readLog = async ({ bucket }: MemoryBucket, tail: readonly Place[]): Promise<Place[] | undefined> => {
  const files = await listFiles(bucket, "shop", DATE, "2026-11-30");
  const ranges = files.flatMap(rangesOf);
  const found = tail.filter((place) => !ranges.some(isIn(place)));
  for (const { name } of files) {
    const object = await getFile(bucket, name);
    if (!object) return undefined;
    found.push(...placesIn(new Uint8Array(await object.arrayBuffer())));
  }
  return found;
};

const inOrder = (places: readonly Place[]): string[] => places.map(String).sort();

const summary = (files: readonly LogFile[]) =>
  files.map((file) => ({ records: file.records, isCompacted: "ranges" in file }));

const compact = (bucket: R2Bucket, hour = 9) => compactHour(bucket, { site: "shop", date: DATE, hour }, pause);

const seconds = (count: number) => Array.from({ length: count }, () => 0);

describe("compaction of an hour", () => {
  it("merges the files of all partitions into one with the same rows, in the order of a cut's file", async () => {
    const memory = createMemoryBucket();
    const { bucket } = memory;
    const cuts = await encodeCuts([
      { partition: 0, hours: [0, 0, 1] },
      { partition: 1, hours: [0, 0, 0] },
      { partition: 0, hours: [0, 1] },
    ]);
    for (const { files } of cuts) await storeFiles(bucket, files);
    expect(await compact(bucket)).toBe(3);
    const files = await listFiles(bucket, "shop", DATE, DATE);
    const [merged] = files.filter((file) => "ranges" in file);
    expect(merged).toMatchObject({
      ...{ kind: "event", records: 6, min_time: NINE, max_time: NINE },
      name: expect.stringMatching(/^kind=event\/site=shop\/date=2026-11-29\/hour=09\/compacted-[0-9a-f]{16}\.parquet$/),
      ranges: [
        { hour: 9, partition: 0, first_offset: 0, last_offset: 199 },
        { hour: 9, partition: 1, first_offset: 0, last_offset: 99 },
      ],
    });
    expect(inOrder((await readLog(memory, [])) ?? [])).toEqual(inOrder(cuts.flatMap(({ places }) => places)));
    const body = await (await getFile(bucket, merged?.name ?? ""))?.arrayBuffer();
    const source = new ParquetSource(new Uint8Array(body as ArrayBuffer));
    const sessions = [...source.read("session_id")].flatMap(({ values }) => Array.from(values));
    expect(sessions).toEqual([...sessions].sort());
    expect(await compact(bucket)).toBe(0);
  });

  it("merges late files again, and leaves a file without others of its hour and kind", async () => {
    const memory = createMemoryBucket();
    const { bucket } = memory;
    const cuts = await encodeCuts([
      { partition: 0, hours: [0] },
      { partition: 0, hours: [0] },
      { partition: 0, hours: [0, 1] },
    ]);
    for (const { files } of cuts.slice(0, 2)) await storeFiles(bucket, files);
    expect(await compact(bucket)).toBe(2);
    await storeFiles(bucket, (cuts[2] as (typeof cuts)[number]).files);
    expect([await compact(bucket), await compact(bucket, 10)]).toEqual([2, 0]);
    const files = await listFiles(bucket, "shop", DATE, DATE);
    expect(summary(files)).toEqual([
      { records: 3, isCompacted: true },
      { records: 1, isCompacted: false },
    ]);
    expect(inOrder((await readLog(memory, [])) ?? [])).toEqual(inOrder(cuts.flatMap(({ places }) => places)));
  });

  it("deletes the replaced files an hour later, and takes them out of the manifests", async () => {
    const memory = createMemoryBucket();
    const { bucket } = memory;
    const cuts = await encodeCuts([
      { partition: 0, hours: [0] },
      { partition: 1, hours: [0] },
    ]);
    for (const { files } of cuts) await storeFiles(bucket, files);
    await compact(bucket);
    const now = Date.now();
    expect(await cleanDay(bucket, "shop", DATE, now + KEPT_MS / 2)).toBeLessThanOrEqual(now + KEPT_MS + 1_000);
    expect(memory.keys().filter((key) => key.includes("kind="))).toHaveLength(3);
    expect(await cleanDay(bucket, "shop", DATE, now + KEPT_MS + 10_000)).toBeUndefined();
    expect(memory.keys().filter((key) => key.includes("kind="))).toHaveLength(1);
    const manifest = await (await bucket.get(`log/v1/manifest/site=shop/date=${DATE}/01.json`))?.json();
    expect(manifest).toEqual({ files: [] });
    expect(inOrder((await readLog(memory, [])) ?? [])).toEqual(inOrder(cuts.flatMap(({ places }) => places)));
  });

  it("deletes nothing while a compacted file is missing in the bucket", async () => {
    const memory = createMemoryBucket();
    const { bucket } = memory;
    for (const { files } of await encodeCuts([
      { partition: 0, hours: [0] },
      { partition: 0, hours: [0] },
    ]))
      await storeFiles(bucket, files);
    await compact(bucket);
    const [compacted] = memory.keys().filter((key) => key.includes("/compacted-"));
    await bucket.delete(compacted as string);
    await expect(cleanDay(bucket, "shop", DATE, Date.now() + DAY_MS)).rejects.toThrow(/compacted-.* is listed, and/);
    expect(memory.keys().filter((key) => key.includes("kind="))).toHaveLength(2);
  });

  it("leaves columns with two types in two files", async () => {
    const memory = createMemoryBucket();
    const { bucket } = memory;
    const feature = (aggregate: object): Feature =>
      ({
        ...{ name: "seen", description: "", unit: "", entity: "session", source: "any", window: { type: "session" } },
        aggregate,
      }) as unknown as Feature;
    const vectorsWith = async (offset: number, features: readonly Feature[], seen: unknown) => {
      const record = {
        ...{ kind: "vector", site: "shop", partition: 0, offset, arrival: 1, received_at: NINE, session_id: "s" },
        ...{ anonymous_id: "a", entity: "session", id: "s", version: 1, closed_at: NINE, event_time: NINE },
        ...{ definition_version: "v", late: 0, too_late: 0, delivery: {}, features: { seen } },
      } as unknown as LogRecord;
      const offsets = { first_offset: offset, last_offset: offset };
      const { files } = await encodeCut(
        { site: "shop", partition: 0, ...offsets, records: [record] },
        { features, pause },
      );
      await storeFiles(bucket, files);
    };
    const [count, last] = [feature({ type: "count" }), feature({ type: "last", field: "view.path" })];
    await vectorsWith(1, [count], 1);
    await vectorsWith(2, [count], 2);
    await vectorsWith(3, [last], "/a");
    await vectorsWith(4, [last], "/b");
    expect(await compact(bucket)).toBe(4);
    const files = await listFiles(bucket, "shop", DATE, DATE);
    expect(files.map(({ records }) => records)).toEqual([2, 2]);
    expect(files.map((file) => rangesOf(file).map((range) => [range.first_offset, range.last_offset])).sort()).toEqual([
      [[1, 2]],
      [[3, 4]],
    ]);
  });
});

describe("a crash within compaction", () => {
  it("leaves a complete log after each call of the bucket, and the next compaction ends it", async () => {
    const cuts = await encodeCuts([
      { partition: 0, hours: seconds(2) },
      { partition: 1, hours: seconds(1) },
    ]);
    const expected = inOrder(cuts.flatMap(({ places }) => places));
    const work = async (bucket: R2Bucket) => {
      await compact(bucket);
      await cleanDay(bucket, "shop", DATE, Date.now() + 2 * KEPT_MS);
      await keepLog(bucket, "shop", 30, NINE + DAY_MS);
    };
    let crashes = 0;
    for (const side of ["before", "after"] as const)
      for (let stop = 1; ; stop += 1) {
        const memory = createMemoryBucket();
        for (const { files } of cuts) await storeFiles(memory.bucket, files);
        let calls = 0;
        memory[side] = () => {
          calls += 1;
          if (calls >= stop) throw new Error("the process ends");
        };
        const failed = await work(memory.bucket).then(
          () => false,
          () => true,
        );
        memory[side] = () => {};
        if (!failed) break;
        crashes += 1;
        expect(inOrder((await readLog(memory, [])) ?? []), `${side} call ${stop}`).toEqual(expected);
        await work(memory.bucket);
        expect(inOrder((await readLog(memory, [])) ?? [])).toEqual(expected);
        expect(memory.keys().filter((key) => key.includes("kind="))).toHaveLength(1);
      }
    expect(crashes).toBeGreaterThan(40);
  });

  it("leaves a file that is not listed, which is deleted a day later if nobody uses it", async () => {
    const memory = createMemoryBucket();
    const { bucket } = memory;
    const cuts = await encodeCuts([
      { partition: 0, hours: [0] },
      { partition: 0, hours: [0] },
      { partition: 0, hours: [0] },
    ]);
    for (const { files } of cuts.slice(0, 2)) await storeFiles(bucket, files);
    memory.before = ({ method, key }) => {
      if (method === "put" && key.endsWith("compacted.json")) throw new Error("the process ends");
    };
    await expect(compact(bucket)).rejects.toThrow("the process ends");
    memory.before = () => {};
    const [unlisted] = memory.keys().filter((key) => key.includes("/compacted-")) as [string];
    await storeFiles(bucket, (cuts[2] as (typeof cuts)[number]).files);
    await compact(bucket);
    const now = Date.now();
    await keepLog(bucket, "shop", 3_650, now);
    expect(memory.keys()).toContain(unlisted);
    memory.setUploaded(unlisted, now - DAY_MS - 1);
    await keepLog(bucket, "shop", 3_650, now);
    expect(memory.keys()).not.toContain(unlisted);
    expect(inOrder((await readLog(memory, [])) ?? [])).toEqual(inOrder(cuts.flatMap(({ places }) => places)));
  });
});

/** Runs work, and other work between two calls of the bucket, before a call of this number. Returns whether there is one. */
const interruptAt = async (
  memory: MemoryBucket,
  call: number,
  work: () => Promise<void>,
  other: () => Promise<void>,
) => {
  let calls = 0;
  memory.before = async () => {
    calls += 1;
    if (calls !== call) return;
    memory.before = () => {};
    await other();
  };
  await work();
  memory.before = () => {};
  return calls >= call;
};

describe("readers while files are written, merged and deleted", () => {
  const written = (partition = 1) =>
    encodeCuts([
      { partition: 0, hours: [0, 1] },
      { partition, hours: [0] },
      { partition: 0, hours: [0, 0] },
    ]);

  /** Writes the last cut, which was in the tail, merges, and deletes what was replaced. */
  const maintain = async (bucket: R2Bucket, last: readonly EncodedFile[], isLater: boolean) => {
    await storeFiles(bucket, last);
    await compact(bucket);
    await cleanDay(bucket, "shop", DATE, Date.now() + (isLater ? 2 * KEPT_MS : 0));
  };

  it.each([
    [0, false],
    [1, false],
    [0, true],
  ])("find each record once when all of it happens between two of their calls: %s, %s", async (partition, isLater) => {
    const [first, second, last] = (await written(partition)) as [Cut, Cut, Cut];
    const all = inOrder([first, second, last].flatMap(({ places }) => places));
    let found = 0;
    for (let call = 1, isInterrupted = true; isInterrupted; call += 1) {
      const memory = createMemoryBucket();
      const { bucket } = memory;
      for (const { files } of [first, second]) await storeFiles(bucket, files);
      let read: Place[] | undefined;
      const reading = async () => {
        read = await readLog(memory, last.places);
      };
      isInterrupted = await interruptAt(memory, call, reading, () => maintain(bucket, last.files, isLater));
      if (read) expect(inOrder(read), `before call ${call}`).toEqual(all);
      // A file that was deleted after it was listed is a failure, which the reader notices.
      else expect(isLater).toBe(true);
      found += read ? 1 : 0;
    }
    expect(found).toBeGreaterThan(3);
  });

  it("find each record once between two calls of it", async () => {
    const [first, second, last] = (await written()) as [Cut, Cut, Cut];
    const all = inOrder([first, second, last].flatMap(({ places }) => places));
    let reads = 0;
    for (let call = 1, isInterrupted = true; isInterrupted; call += 1) {
      const memory = createMemoryBucket();
      const { bucket } = memory;
      for (const { files } of [first, second]) await storeFiles(bucket, files);
      const reading = async () => {
        expect(inOrder((await readLog(memory, last.places)) ?? []), `before call ${call}`).toEqual(all);
        reads += 1;
      };
      isInterrupted = await interruptAt(memory, call, () => maintain(bucket, last.files, true), reading);
    }
    expect(reads).toBeGreaterThan(20);
  });

  it("find each record once, whatever happens between two of their calls", async () => {
    const cutArbitrary = fc.record({
      partition: fc.integer({ min: 0, max: 1 }),
      hours: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(cutArbitrary, { minLength: 3, maxLength: 6 }),
        fc.infiniteStream(fc.boolean()),
        async (scheduler, given, crashes) => {
          const cuts = await encodeCuts(given);
          const memory = createMemoryBucket();
          const { bucket } = memory;
          memory.before = () => scheduler.schedule(Promise.resolve());
          const all = cuts.flatMap(({ places }) => places);
          /** The records that are confirmed as written; the others are in the tail. */
          const confirmed = new Set<Place>();
          const tail = () => all.filter((place) => !confirmed.has(place));

          const writers = [0, 1].map(async (partition) => {
            for (const { files, places } of cuts.filter((cut) => cut.partition === partition)) {
              await storeFiles(bucket, files);
              for (const place of places) confirmed.add(place);
            }
          });
          const maintenance = async () => {
            for (let round = 0; round < 3; round += 1) {
              for (const hour of [9, 10]) {
                // Two releases may run at the same time.
                const both = [compact(bucket, hour), compact(bucket, hour)];
                for (const { status, ...rest } of await Promise.allSettled(both))
                  if (status === "rejected" && !/is listed, and missing/.test(`${(rest as { reason: Error }).reason}`))
                    throw (rest as { reason: Error }).reason;
              }
              await cleanDay(bucket, "shop", DATE, Date.now() + (crashes.next().value ? 2 * KEPT_MS : 0));
              await keepLog(bucket, "shop", 30, NINE + DAY_MS);
            }
          };
          const reads: Promise<void>[] = [];
          const reader = async () => {
            for (let round = 0; round < 3; round += 1) {
              const found = await readLog(memory, tail());
              // The clock of the deletion is ahead: a listed file may be gone, which a reader notices.
              if (found) expect(inOrder(found)).toEqual(inOrder(all));
            }
          };
          reads.push(reader(), reader());
          const done = Promise.all([...writers, maintenance(), ...reads]);
          await scheduler.waitFor(done);
          memory.before = () => {};
          expect(inOrder((await readLog(memory, tail())) ?? [])).toEqual(inOrder(all));
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});
