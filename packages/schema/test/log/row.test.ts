import { describe, expect, it } from "vitest";
import { defaultFeatures, sessionFeatures } from "../../src/index.ts";
import {
  type EventRecord,
  eventIn,
  type LogRecord,
  recordTable,
  type VectorRecord,
  vectorIn,
} from "../../src/log/index.ts";

const events = recordTable("event", []);
const place = { site: "shop", partition: 0, offset: 1, arrival: 1, received_at: 1_795_856_400_000 };
const identity = { session_id: "shop.session-1", anonymous_id: "browser-1", tab_id: "tab-00001", seq: 0, time: 5 };

const recordOf = (event: object): EventRecord =>
  ({ ...place, kind: "event", v: 1, event: { type: "custom", ...identity, ...event } }) as unknown as EventRecord;

const roundTrip = (event: object) => eventIn(events.rowOf(recordOf(event)));

describe("the row of an event", () => {
  it("has a column for each field of the contract", () => {
    const target = { tag: "a", path: "main > a" };
    const view = { view_id: "view-0001", started_at: 1, url: "https://shop.example/", path: "/" };
    const row = events.rowOf(recordOf({ type: "click", target, x: 1.5, view, view_time_ms: 4, name: "n" }));
    expect(row).toEqual({
      ...place,
      ...identity,
      v: 1,
      type: "click",
      target_tag: "a",
      target_path: "main > a",
      x: 1.5,
      view_view_id: "view-0001",
      view_started_at: 1,
      view_url: "https://shop.example/",
      view_path: "/",
      view_time_ms: 4,
      name: "n",
    });
  });

  it.each<[string, object, string]>([
    ["an unknown field", { colour: "red" }, '{"colour":"red"}'],
    ["a list", { ranges: [[0, 5]] }, '{"ranges":[[0,5]]}'],
    ["a value of another kind", { x: "5" }, '{"x":"5"}'],
    ["null", { user_id: null }, '{"user_id":null}'],
    ["an unknown field of an object", { target: { tag: "a", colour: "red" } }, '{"target":{"tag":"a","colour":"red"}}'],
    ["an object without fields", { view: {} }, '{"view":{}}'],
    ["a list in the place of an object", { target: ["a"] }, '{"target":["a"]}'],
    ["a field of the log", { site: "other" }, '{"site":"other"}'],
    ["the name of a prototype", JSON.parse('{"__proto__":{"x":1}}'), '{"__proto__":{"x":1}}'],
  ])("keeps %s in `rest`", (_, fields, rest) => {
    const row = events.rowOf(recordOf(fields));
    expect(row.rest).toBe(rest);
    const event = eventIn(row);
    expect(event).toEqual(recordOf(fields).event);
    expect(Object.keys(event).sort()).toEqual(Object.keys(recordOf(fields).event).sort());
  });

  it("keeps the fields that are in columns beside one that is not", () => {
    const row = events.rowOf(recordOf({ target: { tag: "a", path: "p", colour: "red" } }));
    expect(row).toMatchObject({ target_tag: "a", target_path: "p" });
  });

  it("keeps free-form objects as JSON", () => {
    const properties = { price: 5, deep: { list: [1, null, "x"] }, __proto__x: true };
    expect(events.rowOf(recordOf({ properties })).properties).toBe(JSON.stringify(properties));
    expect(roundTrip({ properties }).type).toBe("custom");
    expect(roundTrip({ properties })).toMatchObject({ properties });
    expect(roundTrip({ properties: null })).toMatchObject({ properties: null });
  });

  it.each<[string, object, object]>([
    ["a field", { name: "half \ud83c" }, { name: "half \ufffd" }],
    ["a required field", { tab_id: "tab-\udf00-1" }, { tab_id: "tab-\ufffd-1" }],
    ["a property", { properties: { a: "\ud83c" } }, { properties: '{"a":"\\ufffd"}' }],
    ["the name of a property", { properties: { "\ud83c": 1 } }, { properties: '{"\\ufffd":1}' }],
    ["an unknown field", { colour: "\ud83c" }, {}],
  ])("keeps half of a surrogate pair in %s, and gives databases a well-formed copy", (_, fields, copy) => {
    const row = events.rowOf(recordOf(fields));
    expect(row).toMatchObject(copy);
    expect(Object.values(row).filter((value) => /\p{Surrogate}/u.test(String(value)))).toEqual([]);
    expect(JSON.parse(JSON.parse(row.rest as string))).toEqual(recordOf(fields).event);
    expect(eventIn(row)).toEqual(recordOf(fields).event);
  });

  it("takes the text of an escape for what it is", () => {
    const properties = { path: "C:\\ud83c\\users" };
    const row = events.rowOf(recordOf({ properties }));
    expect(row.properties).toBe(JSON.stringify(properties));
    expect(row.rest).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ["NaN", { x: Number.NaN }, "x: expected JSON; given NaN"],
    ["an infinite number", { properties: { price: Number.POSITIVE_INFINITY } }, "price: expected JSON; given Infinity"],
    ["a bigint", { properties: { price: 1n } }, "BigInt"],
    ["no session", { session_id: undefined }, "session_id: expected a text; given undefined"],
    ["a number as session", { session_id: 5 }, "session_id: expected a text; given 5"],
    [
      "a fraction of a millisecond",
      { time: 1.5 },
      "time: expected whole UTC milliseconds from 1970 to 2255; given 1.5",
    ],
    [
      "a time beyond microseconds",
      { time: 8.64e15 },
      "time: expected whole UTC milliseconds from 1970 to 2255; given 8640",
    ],
    ["a number beyond integers", { seq: 2 ** 60 }, "seq: expected a safe integer; given 1152921504606847000"],
  ])("rejects %s, with the reason", (_, fields, reason) => {
    expect(() => events.rowOf(recordOf(fields))).toThrow(reason);
  });

  it("rejects an unknown place, and a record without an event", () => {
    const record = recordOf({});
    expect(() => events.rowOf({ ...record, partition: 2 ** 31 })).toThrow("partition: expected an integer of 32 bits");
    expect(() => events.rowOf({ ...record, site: "\ud83c" })).toThrow("site: expected a text");
    expect(() => events.rowOf({ ...record, event: null } as unknown as LogRecord)).toThrow();
    expect(() => recordTable("toString" as "event", [])).toThrow("kind: expected event, vector, ");
  });
});

const vector: VectorRecord = {
  ...place,
  kind: "vector",
  session_id: "shop.session-1",
  anonymous_id: "browser-1",
  consent: { measurement: "granted", personalisation: "denied" },
  entity: "session",
  id: "shop.session-1",
  version: 2,
  closed_at: 1_795_856_400_000,
  event_time: 1_795_856_300_000,
  definition_version: "a1b2",
  late: 1,
  too_late: 0,
  delivery: { received: 3, duplicates: 0, rejected: 0, dropped: 0, missing: 0 },
  features: Object.fromEntries(sessionFeatures.map(({ name }) => [name, null])),
};

const { kind: _kind, site, partition, offset, arrival, received_at, ...content } = vector;

describe("the row of a vector", () => {
  const table = recordTable("vector", defaultFeatures);

  it("has a column for each feature of the session", () => {
    const row = table.rowOf({ ...vector, features: { ...vector.features, event_count: 3, entry_path: "/a" } });
    expect(row).toMatchObject({ feature_event_count: 3, feature_entry_path: "/a", consent_personalisation: "denied" });
    expect(row.rest).toBeUndefined();
  });

  it.each<[string, VectorRecord["features"]]>([
    ["values of each kind", { ...vector.features, event_count: 3, entry_path: "/a" }],
    ["features of other definitions", { event_count: 1, removed: "x", list: [1, "[2]"] }],
    ["a value of another kind", { ...vector.features, event_count: "many" }],
    ["no features", {}],
  ])("keeps %s", (_, features) => {
    expect(vectorIn(table.rowOf({ ...vector, features }), defaultFeatures)).toEqual({ ...content, features });
  });
});

describe("the row of another record", () => {
  it("has the payload as JSON", () => {
    const table = recordTable("dead_letter", []);
    const row = table.rowOf({ ...place, kind: "dead_letter", payload: { event: { type: "\ud83c" } } });
    expect(row).toMatchObject({ ...place, payload: '{"event":{"type":"\\ufffd"}}' });
    expect(JSON.parse(JSON.parse(row.rest as string))).toEqual({ payload: { event: { type: "\ud83c" } } });
  });
});
