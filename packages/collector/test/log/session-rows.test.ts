import { randomBytes } from "node:crypto";
import { eventIn, type LogRecord } from "@tidemark/schema/log";
import { beforeAll, describe, expect, it } from "vitest";
import { type EncodedFile, encodeCut } from "../../src/log/cut.ts";
import { storeFiles } from "../../src/log/log-store.ts";
import { MissingFile, readSessionRows } from "../../src/log/session-rows.ts";
import { createMemoryBucket } from "./memory-bucket.ts";

const NINE = Date.UTC(2026, 10, 29, 9);
const SESSIONS = 400;
const EVENTS = 100;

const nameOf = (session: number): string => `shop.session-${String(session).padStart(4, "0")}`;

/** Events of many sessions, in turn, with texts that cannot be compressed. */
const records = Array.from({ length: SESSIONS * EVENTS }, (_, offset): LogRecord => {
  const arrival = 1 + Math.floor(offset / SESSIONS);
  return {
    ...{ kind: "event", site: "shop", partition: 0, offset, arrival, received_at: NINE + arrival, v: 1 },
    event: {
      ...{ type: "custom", session_id: nameOf(offset % SESSIONS), anonymous_id: "anonymous1", tab_id: "tab0000001" },
      ...{ seq: arrival - 1, time: NINE + arrival, name: randomBytes(24).toString("hex") },
      properties: { price: arrival / 4 },
    },
  } as LogRecord;
});

const memory = createMemoryBucket();
let file: EncodedFile["file"];

const read = async (session: string, listed = file) => {
  let bytes = 0;
  const rows = await readSessionRows(memory.bucket, listed, session, (added) => {
    bytes += added;
  });
  return { rows, bytes };
};

beforeAll(async () => {
  const last_offset = records.length - 1;
  const cut = { site: "shop", partition: 0, first_offset: 0, last_offset, records };
  const { files } = await encodeCut(cut, { features: [], pause: () => Promise.resolve() });
  [file] = (await storeFiles(memory.bucket, files)) as [typeof file];
});

describe("readSessionRows", () => {
  it.each([0, 217, SESSIONS - 1])("reads the events of session %i as they were recorded", async (session) => {
    const { rows } = await read(nameOf(session));
    const expected = records.filter(({ offset }) => offset % SESSIONS === session);
    expect(rows.map(({ arrival, received_at }) => [arrival, received_at])).toEqual(
      expected.map(({ arrival, received_at }) => [arrival, received_at]),
    );
    expect(rows.map(eventIn)).toEqual(expected.map((record) => record.kind === "event" && record.event));
  });

  it("reads the groups of rows that have the session, and of other files the end", async () => {
    expect(file.bytes).toBeGreaterThan(500_000);
    const { bytes } = await read(nameOf(0));
    expect(bytes).toBeLessThan(0.75 * file.bytes);
    for (const other of ["shop.session-0", "shop.session-9", "blog.session-0001"])
      expect(await read(other)).toEqual({ rows: [], bytes: 131_072 });
  });

  it("names a file that was deleted, and passes on the error of a limit before it reads", async () => {
    await expect(read(nameOf(0), { ...file, name: "kind=event/no.parquet" })).rejects.toThrow(MissingFile);
    const limit = new Error("limit");
    memory.before = () => expect.unreachable();
    const reading = readSessionRows(memory.bucket, file, nameOf(0), () => {
      throw limit;
    });
    await expect(reading).rejects.toBe(limit);
    memory.before = () => {};
  });
});
