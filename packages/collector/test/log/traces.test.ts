import type { LoggedEvent } from "@tidemark/engine";
import type { LogRecord } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { compactHour } from "../../src/log/compact-hour.ts";
import { encodeCut } from "../../src/log/cut.ts";
import { storeFiles } from "../../src/log/log-store.ts";
import { rangeOffsets } from "../../src/log/stream-records.ts";
import { findTraces } from "../../src/log/traces.ts";
import { createMemoryBucket } from "./memory-bucket.ts";

const NINE = Date.UTC(2026, 10, 29, 9);
const HOUR_MS = 3_600_000;

const pause = () => Promise.resolve();

/** Writes the file of a journal entry, with records of sessions. */
const write = async (
  bucket: R2Bucket,
  partition: number,
  position: number,
  at: number,
  sessions: readonly [session_id: string, arrival: number][],
) => {
  const range = rangeOffsets({ after: position - 1, to: position });
  const records = sessions.map(([session_id, arrival], index): LogRecord => {
    const event = { type: "click", session_id, anonymous_id: "a", tab_id: "t", seq: arrival, time: at };
    const place = { site: "shop", partition, offset: range.first_offset + index, arrival, received_at: at };
    return { kind: "event", ...place, v: 1, event: event as unknown as LoggedEvent };
  });
  const { files } = await encodeCut({ site: "shop", partition, ...range, records }, { features: [], pause });
  await storeFiles(bucket, files);
};

describe("the traces of a partition in the log", () => {
  it("are its latest position, the largest partition, and the latest record of each recent session", async () => {
    const { bucket } = createMemoryBucket();
    expect(await findTraces(bucket, "shop", 0, NINE)).toBeUndefined();
    await write(bucket, 0, 3, NINE - 5 * HOUR_MS, [["old", 9]]);
    await write(bucket, 0, 5, NINE, [
      ["one", 1],
      ["two", 2],
    ]);
    await write(bucket, 0, 6, NINE + 1, [["one", 4]]);
    await write(bucket, 3, 40, NINE, [["three", 7]]);
    const expected = {
      largest: 3,
      own: {
        position: 6,
        arrivals: new Map([
          ["one", 4],
          ["two", 2],
        ]),
      },
    };
    expect(await findTraces(bucket, "shop", 0, NINE + HOUR_MS)).toEqual(expected);
    await compactHour(bucket, { site: "shop", date: "2026-11-29", hour: 9 }, pause);
    expect(await findTraces(bucket, "shop", 0, NINE + HOUR_MS)).toEqual(expected);
    expect(await findTraces(bucket, "shop", 1, NINE + HOUR_MS)).toEqual({ largest: 3, own: undefined });
    expect(await findTraces(bucket, "news", 0, NINE + HOUR_MS)).toBeUndefined();
  });

  it("are its predictions too, but no records of reads, which belong to no session", async () => {
    const { bucket } = createMemoryBucket();
    const records = [["one", 8] as const, [undefined, 1] as const].map(([session_id, arrival], offset): LogRecord => {
      const place = { site: "shop", partition: 0, offset: offset + 1, arrival, received_at: NINE };
      return { kind: "prediction", ...place, ...(session_id && { session_id }), payload: {} };
    });
    const range = { first_offset: 1, last_offset: 2 };
    const { files } = await encodeCut({ site: "shop", partition: 0, ...range, records }, { features: [], pause });
    await storeFiles(bucket, files);
    const traces = await findTraces(bucket, "shop", 0, NINE + HOUR_MS);
    expect(traces?.own?.arrivals).toEqual(new Map([["one", 8]]));
  });

  it("are found with few reads in a long log", async () => {
    const memory = createMemoryBucket();
    for (let day = 0; day < 20; day += 1)
      await write(memory.bucket, 0, day + 1, NINE + day * 24 * HOUR_MS, [["one", 1]]);
    let reads = 0;
    memory.before = ({ method }) => {
      if (method === "get") reads += 1;
    };
    const now = NINE + 19 * 24 * HOUR_MS;
    expect((await findTraces(memory.bucket, "shop", 0, now))?.own?.position).toBe(20);
    expect(reads).toBeLessThan(6);
    reads = 0;
    expect(await findTraces(memory.bucket, "shop", 1, now)).toEqual({ largest: 0, own: undefined });
    expect(reads).toBe(0);
  });
});
