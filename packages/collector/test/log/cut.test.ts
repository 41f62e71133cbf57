import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { LoggedEvent } from "@tidemark/engine";
import { defaultFeatures, type Feature, lifetime, sessionFeatures } from "@tidemark/schema";
import { eventColumns, eventIn, type LogRecord, vectorColumns, vectorIn } from "@tidemark/schema/log";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logs } from "../../../engine/test/sql/log.ts";
import { compareReplay } from "../../../engine/test/sql/parity.ts";
import { type EventsLayout, openDuckdb } from "../../../engine/test/sql/run-duckdb.ts";
import { type Cut, encodeCut } from "../../src/log/cut.ts";
import { createLogFolder, readRows } from "./parquet-files.ts";

const HOUR = 3_600_000;
const NINE = Date.UTC(2026, 10, 29, 9);

const folder = createLogFolder();
let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
});
afterAll(() => folder.remove());

const noPause = () => Promise.resolve();
const encode = (cut: Cut, features: readonly Feature[] = defaultFeatures) =>
  encodeCut(cut, { features, pause: noPause });

const cutOf = (records: readonly LogRecord[]): Cut => ({
  site: "shop",
  partition: 0,
  first_offset: 1,
  last_offset: records.length,
  records,
});

/** Records of events that are received one every twenty minutes. */
const recordsOf = (events: readonly LoggedEvent[]): LogRecord[] =>
  events.map((event, index) => ({
    kind: "event",
    site: "shop",
    partition: 0,
    offset: index + 1,
    arrival: index + 1,
    received_at: NINE + (index * HOUR) / 3,
    v: 1,
    event,
  }));

const click = {
  type: "click",
  session_id: "session-1",
  anonymous_id: "browser-1",
  tab_id: "tab-1",
  seq: 0,
  time: NINE,
} as unknown as LoggedEvent;

const any: Feature = {
  name: "any",
  description: "",
  unit: "count",
  entity: "session",
  source: "any",
  aggregate: { type: "count" },
  window: lifetime(),
};

/** Text of any 16-bit units, also halves of surrogate pairs. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0x22, 0x5c, 0xd83c, 0xdf88, 0xfffd)))
  .map((units) => String.fromCharCode(...units));

/** Text that JSON holds: `JSON.parse(JSON.stringify(value))` is the value. */
const anyJson = fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value)));

const hostileFields = fc.dictionary(
  fc.oneof(
    fc.constantFrom("properties", "target", "view", "user_id", "x", "rest", "kind", "site", "__proto__"),
    anyText,
  ),
  fc.oneof(anyJson, anyText, fc.constantFrom(null, true, 1e300, 2 ** 60, -5.5, "x".repeat(1_000_000))),
  { maxKeys: 3 },
);

describe("the files of a cut", () => {
  it("give back each event of the contract, as it was recorded", async () => {
    await fc.assert(
      fc.asyncProperty(logs([any], 60), async ({ events }) => {
        const { files, setAside } = await encode(cutOf(recordsOf(events)));
        expect(setAside).toEqual([]);
        folder.write(files);
        const rows = await readRows(connection, folder.table("event"), eventColumns);
        expect(rows.map(eventIn)).toEqual(events);
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  it("give back any other JSON, or set it aside with a reason", async () => {
    const events = fc.array(
      hostileFields.map((fields) => ({ ...click, ...fields })),
      { minLength: 1, maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(events, async (hostile) => {
        const records = recordsOf([...(hostile as LoggedEvent[]), click]);
        const { files, setAside } = await encode(cutOf(records));
        folder.write(files);
        const rows = await readRows(connection, folder.table("event"), eventColumns);
        const invalid = `SELECT count(*) FROM ${folder.table("event")} WHERE NOT (json_valid(properties) AND json_valid(rest))`;
        expect((await connection.runAndReadAll(invalid)).getRowsJson()).toEqual([["0"]]);
        const isSetAside = new Set(setAside.map(({ record }) => record));
        const written = records.filter((record) => !isSetAside.has(record));
        expect(rows.map(eventIn)).toEqual(written.map((record) => (record as { event?: unknown }).event));
        for (const { reason } of setAside) expect(reason).toMatch(/^(session_id|anonymous_id|tab_id|seq|time|type): /);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it("set aside what is not JSON, and write the rest", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.cycle = cycle;
    const events = [
      { ...click, x: Number.NaN },
      { ...click, properties: { price: Number.POSITIVE_INFINITY } },
      { ...click, properties: cycle },
      { ...click, properties: { big: 1n } },
      { ...click, session_id: undefined },
      { ...click, session_id: { toString: 1, valueOf: 1 } },
      { ...click, time: { valueOf: 1, toString: 1 } },
      { ...click, time: null },
      null,
    ];
    const [record] = recordsOf([click]) as [LogRecord];
    const wrong = [
      ...recordsOf(events as LoggedEvent[]),
      { ...record, kind: "unknown" },
      { ...record, received_at: Number.NaN },
      { ...record, offset: -0.5 },
      { ...record, kind: "identity" },
      { ...record, kind: "vector" },
      null,
    ] as LogRecord[];
    const { files, setAside } = await encode(cutOf([record, ...wrong, { ...record, offset: 99 }]));
    expect(new Set(setAside.map((one) => one.record))).toEqual(new Set(wrong));
    expect(setAside.every(({ reason }) => reason.length > 0)).toBe(true);
    expect(files.map(({ file }) => file.records)).toEqual([2]);
    folder.write(files);
    const rows = await readRows(connection, folder.table("event"), eventColumns);
    expect(rows.map(eventIn)).toEqual([click, click]);
  });

  it("are one file for each kind and hour of receipt, named by the range of the cut", async () => {
    const events = [0, 1, 2, 3].map((seq): LoggedEvent => ({ ...click, seq, time: NINE - seq * 1000 }));
    const dead = { ...(recordsOf([click])[0] as LogRecord), kind: "dead_letter", payload: { code: "x" } } as LogRecord;
    const { files } = await encode({ ...cutOf([...recordsOf(events), dead]), first_offset: 7, last_offset: 30 });
    const range = "00-0000000000000007-0000000000000030.parquet";
    expect(files.map(({ file }) => file)).toEqual([
      {
        name: `kind=event/site=shop/date=2026-11-29/hour=09/${range}`,
        kind: "event",
        site: "shop",
        date: "2026-11-29",
        hour: 9,
        partition: 0,
        first_offset: 7,
        last_offset: 30,
        records: 3,
        bytes: files[0]?.bytes.length,
        min_time: NINE - 2000,
        max_time: NINE,
      },
      expect.objectContaining({
        name: `kind=event/site=shop/date=2026-11-29/hour=10/${range}`,
        records: 1,
        min_time: NINE - 3000,
      }),
      expect.objectContaining({
        name: `kind=dead_letter/site=shop/date=2026-11-29/hour=09/${range}`,
        records: 1,
        min_time: NINE,
      }),
    ]);
  });

  it("are none for a cut without a record that can be written", async () => {
    const { files, setAside } = await encode(cutOf(recordsOf([null as unknown as LoggedEvent])));
    expect(files).toEqual([]);
    expect(setAside).toHaveLength(1);
  });

  it("are equal for equal cuts, with the rows of a session in the order of their time", async () => {
    const events = ["b", "a"].flatMap((session) =>
      [3, 1, 2].map((seq): LoggedEvent => ({ ...click, session_id: session, seq, time: NINE - seq })),
    );
    const records = recordsOf(events).map((record) => ({ ...record, received_at: NINE }));
    const [one, other] = [await encode(cutOf(records)), await encode(cutOf(structuredClone(records)))];
    expect(one.files).toEqual(other.files);
    folder.write(one.files);
    const result = await connection.runAndReadAll(`SELECT session_id, seq FROM ${folder.table("event")}`);
    expect(result.getRowsJson()).toEqual(["a", "b"].flatMap((session) => ["3", "2", "1"].map((seq) => [session, seq])));
  });

  it("have times in UTC, exact to the millisecond", async () => {
    const times = [0, 1, NINE + 123, Date.UTC(2255, 0, 1, 0, 0, 0, 999)];
    const { files } = await encode(cutOf(recordsOf(times.map((time, seq) => ({ ...click, seq, time })))));
    folder.write(files);
    const query = `SELECT typeof("time"), epoch_ms("time") FROM ${folder.table("event")} ORDER BY "time"`;
    const result = await connection.runAndReadAll(query);
    expect(result.getRowsJson()).toEqual(times.map((time) => ["TIMESTAMP WITH TIME ZONE", String(time)]));
  });

  it("have groups of 10,000 rows, and let other work run between records and between columns", async () => {
    let pauses = 0;
    const events = Array.from({ length: 12_000 }, (_, seq): LoggedEvent => ({ ...click, seq }));
    const records = recordsOf(events).map((record) => ({ ...record, received_at: NINE }));
    const { files } = await encodeCut(cutOf(records), {
      features: [],
      pause: async () => {
        pauses += 1;
      },
    });
    expect(pauses).toBeGreaterThan(12_000 / 2_000 + 3 * Object.keys(click).length);
    folder.write(files);
    const path = folder
      .table("event")
      .replace("read_parquet", "parquet_metadata")
      .replace(", union_by_name = true", "");
    const groups = await connection.runAndReadAll(
      `SELECT DISTINCT row_group_id, row_group_num_rows FROM ${path} ORDER BY 1`,
    );
    expect(groups.getRowsJson()).toEqual([
      ["0", "10000"],
      ["1", "2000"],
    ]);
    const counts = await connection.runAndReadAll(
      `SELECT count(*), count(DISTINCT seq), max(seq) FROM ${folder.table("event")}`,
    );
    expect(counts.getRowsJson()).toEqual([["12000", "12000", "11999"]]);
  });
});

const parquetEvents: EventsLayout = {
  columns: true,
  async load(duckdb, written) {
    const { files } = await encode(cutOf(recordsOf(written)));
    folder.write(files);
    await duckdb.run(`CREATE OR REPLACE VIEW events AS SELECT * FROM ${folder.table("event")}`);
  },
};

describe("features in SQL over the files", () => {
  const price: Feature = {
    name: "price",
    description: "",
    unit: "money",
    entity: "session",
    source: "custom",
    where: [{ field: "properties.price", is: "gt", value: 0 }],
    aggregate: { type: "sum", field: "properties.price" },
    window: lifetime(),
  };

  it("agree with a replay of the same log", async () => {
    const database = await openDuckdb(parquetEvents);
    const features = [...defaultFeatures, price];
    await fc.assert(
      fc.asyncProperty(logs(features, 60), (log) => compareReplay(database, features, log)),
      { numRuns: 10 },
    );
  }, 60_000);

  it("read the keys of free-form objects", async () => {
    const database = await openDuckdb(parquetEvents);
    const event = { ...click, type: "custom", name: "buy", properties: { price: 5 } } as unknown as LoggedEvent;
    await compareReplay(database, [price], { events: [event], written: [event] });
    const rows = await connection.runAndReadAll(`SELECT properties FROM ${folder.table("event")}`);
    expect(rows.getRowsJson()).toEqual([['{"price":5}']]);
  });
});

describe("vectors in files", () => {
  const features = Object.fromEntries(sessionFeatures.map(({ name }) => [name, null]));
  const record = (offset: number, changed: object): LogRecord => ({
    kind: "vector",
    site: "shop",
    partition: 0,
    offset,
    arrival: 1,
    received_at: NINE,
    session_id: `session-${offset}`,
    anonymous_id: "browser-1",
    entity: "session",
    id: `session-${offset}`,
    version: 1,
    closed_at: NINE,
    event_time: NINE - HOUR,
    definition_version: "a1b2",
    late: 0,
    too_late: 0,
    delivery: { received: 3, duplicates: 0, rejected: 0, dropped: 0, missing: 0 },
    features: { ...features, ...changed },
  });

  it("give back the vectors, and have the time of their latest event", async () => {
    const records = [record(1, { event_count: 5, entry_path: "/a" }), record(2, { list: [1, "2"] })];
    const { files } = await encode(cutOf(records));
    expect(files[0]?.file).toMatchObject({ kind: "vector", records: 2, min_time: NINE - HOUR });
    folder.write(files);
    const rows = await readRows(connection, folder.table("vector"), vectorColumns(defaultFeatures));
    expect(rows.map((row) => vectorIn(row, defaultFeatures))).toEqual(
      records.map(({ kind: _kind, site: _site, partition: _partition, offset: _offset, ...content }) => {
        const { arrival: _arrival, received_at: _received, ...vector } = content;
        return vector;
      }),
    );
  });

  it("are united by the names of their columns when the features change", async () => {
    const added = { ...any, name: "added", window: { type: "session" } } as Feature;
    const earlier = await encode(cutOf([record(1, { event_count: 5 })]));
    const later = await encode({ ...cutOf([record(2, { added: 7 })]), first_offset: 2, last_offset: 2 }, [
      ...defaultFeatures,
      added,
    ]);
    folder.write([...earlier.files, ...later.files]);
    const query = `SELECT "offset", feature_event_count, feature_added FROM ${folder.table("vector")} ORDER BY "offset"`;
    expect((await connection.runAndReadAll(query)).getRowsJson()).toEqual([
      ["1", 5, null],
      ["2", null, 7],
    ]);
  });
});
