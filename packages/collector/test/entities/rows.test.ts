import { type Feature, hopping } from "@tidemark/schema";
import { beforeEach, describe, expect, it } from "vitest";
import { compileFeatures } from "../../src/compile-features.ts";
import type { EntityKey } from "../../src/entities/push.ts";
import { EntityRows } from "../../src/entities/rows.ts";
import { type MemoryKv, MemoryStorage } from "./memory-storage.ts";
import { clicks, definitions } from "./page-clicks.ts";

/** Maximum length of the texts of unchanged rows in memory. */
const MAX_CACHED = 3_000_000;

let storage: MemoryStorage;
let kv: MemoryKv;
let setAside: EntityKey[];
beforeEach(() => {
  storage = new MemoryStorage();
  kv = storage.kv;
  setAside = [];
});

const openRows = (of = definitions) => new EntityRows(storage, of, (key) => setAside.push(key));

/** Sets the count of clicks of a row in memory. */
const setClicks = (rows: EntityRows, key: EntityKey, count: number) => {
  rows.change(key).engine.cells = [count];
};

const clicksOf = (rows: EntityRows, key: EntityKey) => rows.get(key)?.engine.cells[0];

const DAY = 86_400_000;

/** Sets the count of clicks of a row, at a time. */
const clickAt = (rows: EntityRows, key: EntityKey, time: number, count: number) => {
  const { engine } = rows.change(key, time);
  engine.cells = [((engine.cells[0] as number | undefined) ?? 0) + count];
  engine.event_time = time;
};

const writeAll = (rows: EntityRows) => {
  rows.write();
  rows.markWritten();
};

describe("the rows of entities", () => {
  it("contain no row of an entity before its first change", () => {
    const rows = openRows();
    expect([rows.has("page:/"), rows.get("page:/")]).toEqual([false, undefined]);
    expect(rows.change("page:/")).toEqual({
      engine: definitions.rollups.get("page")?.engine.emptyState(),
      anonymous_ids: [],
    });
    expect([rows.has("page:/"), rows.get("page:/")]).toEqual([true, rows.change("page:/")]);
  });

  it("store rows of users without features for them", () => {
    expect(openRows().change("user:ann").engine.cells).toEqual([]);
  });

  it("are stored when they are written, not before", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 3);
    expect(openRows().get("page:/")).toBeUndefined();
    writeAll(rows);
    expect([openRows().has("page:/"), clicksOf(openRows(), "page:/")]).toEqual([true, 3]);
  });

  it("are written once for all changes since the last write, and only if changed", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 1);
    setClicks(rows, "page:/", 2);
    writeAll(rows);
    writeAll(rows);
    setClicks(rows, "page:/b", 1);
    writeAll(rows);
    expect(kv.writes).toEqual(["page:/", "page:/b"]);
  });

  it("are written again if the first write was not confirmed", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 1);
    rows.write();
    writeAll(rows);
    expect(kv.writes).toEqual(["page:/", "page:/"]);
  });

  it("are read from storage once", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 1);
    writeAll(rows);
    const others = openRows();
    kv.reads.length = 0;
    expect(others.get("page:/")).toBe(others.get("page:/"));
    expect(kv.reads).toEqual(["page:/"]);
  });

  it("keep the features that other definitions share with the stored ones", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 3);
    writeAll(rows);
    const recent: Feature = { ...clicks, name: "recent", window: hopping({ every_ms: 1_000, panes: 2 }) };
    const after = compileFeatures([recent, { ...clicks, name: "renamed" }]);
    const row = openRows(after).get("page:/");
    expect(row && after.rollups.get("page")?.engine.vector(row.engine, 0)).toEqual({ recent: 0, renamed: 3 });
  });

  it("reject an entity without a feature", () => {
    expect(() => openRows().change("product:boots")).toThrow("no feature is defined for product");
  });
});

describe("a row that cannot be written", () => {
  it("is set aside: it keeps its stored value, and all other rows are written", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 1);
    writeAll(rows);
    rows.change("page:/").anonymous_ids = ["x".repeat(2_000_000)];
    setClicks(rows, "page:/b", 2);
    writeAll(rows);
    expect(setAside).toEqual(["page:/"]);
    for (const each of [rows, openRows()])
      expect([each.get("page:/")?.anonymous_ids, clicksOf(each, "page:/b")]).toEqual([[], 2]);
  });

  it("is set aside when the storage rejects it", () => {
    const rows = openRows();
    for (const key of ["page:/a", "page:/full", "page:/c"] as const) setClicks(rows, key, 1);
    const put = kv.put.bind(kv);
    kv.put = (key, value) => {
      if (key === "page:/full") throw new Error("database or disk is full: SQLITE_FULL");
      put(key, value);
    };
    writeAll(rows);
    expect(setAside).toEqual(["page:/full"]);
    expect(["page:/a", "page:/full", "page:/c"].map((key) => openRows().has(key as EntityKey))).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe("adopt", () => {
  /** The text of a row with a number of clicks. */
  const textOf = (count: number, anonymous_ids: string[] = []) =>
    JSON.stringify({
      engine: { ...definitions.rollups.get("page")?.engine.emptyState(), cells: [count], event_time: count },
      anonymous_ids,
    });

  it("stores the row that another object has, or the merged rows of several", () => {
    const rows = openRows();
    rows.adopt("page:/one", [textOf(1)]);
    rows.adopt("page:/many", [textOf(1, ["a"]), textOf(5, ["b", "a"]), textOf(3)]);
    rows.adopt("page:/none", []);
    expect(["page:/one", "page:/many"].map((key) => clicksOf(openRows(), key as EntityKey))).toEqual([1, 9]);
    expect(openRows().get("page:/many")).toMatchObject({ engine: { event_time: 5 }, anonymous_ids: ["b", "a"] });
    expect(rows.has("page:/none")).toBe(false);
  });

  it("stores a row of an entity that no longer has features", () => {
    const rows = openRows();
    rows.adopt("product:boots", [textOf(1)]);
    expect(rows.has("product:boots")).toBe(true);
  });
});

describe("rows in memory", () => {
  const characters = 100_000;

  /** Rows of a number of pages that were stored and read again. */
  const readMany = (count: number) => {
    const rows = openRows();
    for (let page = 0; page < count; page += 1) {
      setClicks(rows, `page:/${page}`, page);
      rows.change(`page:/${page}`).anonymous_ids = ["x".repeat(characters)];
    }
    writeAll(rows);
    const others = openRows();
    for (let page = 0; page < count; page += 1) others.get(`page:/${page}`);
    kv.reads.length = 0;
    return others;
  };
  const most = Math.floor(MAX_CACHED / (characters + 500));

  it("are kept while their texts are short enough", () => {
    const rows = readMany(most);
    rows.trim();
    expect([clicksOf(rows, "page:/7"), kv.reads]).toEqual([7, []]);
  });

  it("are removed when their texts are too long, those read first, except for changed ones", () => {
    const rows = readMany(most + 8);
    setClicks(rows, "page:/0", -1);
    rows.trim();
    expect([0, 1, most].map((page) => clicksOf(rows, `page:/${page}`))).toEqual([-1, 1, most]);
    expect(kv.reads).toEqual(["page:/1"]);
  });

  it("are removed after a write if their texts are too long", () => {
    const rows = readMany(most);
    for (let page = 0; page < 8; page += 1) {
      setClicks(rows, `page:/new${page}`, 1);
      rows.change(`page:/new${page}`).anonymous_ids = ["x".repeat(characters)];
    }
    kv.reads.length = 0;
    writeAll(rows);
    expect([clicksOf(rows, "page:/new7"), clicksOf(rows, "page:/0")]).toEqual([1, 0]);
    expect(kv.reads).toEqual(["page:/0"]);
  });
});

describe("a row that expires after thirty days", () => {
  const open = () => new EntityRows(storage, definitions, (key) => setAside.push(key), { page: 30 });
  const T = 1_700_000_000_000;

  it("is continued by an event within the time, and starts from scratch with a later one", () => {
    const rows = open();
    clickAt(rows, "page:/", T, 1);
    clickAt(rows, "page:/", T + 30 * DAY, 2);
    expect(clicksOf(rows, "page:/")).toBe(3);
    writeAll(rows);
    const others = open();
    clickAt(others, "page:/", T + 60 * DAY + 1, 4);
    expect(clicksOf(others, "page:/")).toBe(4);
    writeAll(others);
    expect(clicksOf(open(), "page:/")).toBe(4);
  });

  it("does not start from scratch with an event that arrives late", () => {
    const rows = open();
    clickAt(rows, "page:/", T, 1);
    rows.change("page:/", T - 40 * DAY).engine.cells = [5];
    expect(rows.get("page:/")?.engine.event_time).toBe(T);
  });

  it("is deleted once no event can arrive that is older, and others stay", () => {
    const rows = open();
    clickAt(rows, "page:/old", T, 1);
    clickAt(rows, "page:/new", T + 30 * DAY, 1);
    clickAt(rows, "user:ann", T, 1);
    writeAll(rows);
    expect(rows.deleteExpired(T + 40 * DAY, "")).toBeUndefined();
    expect(rows.has("page:/old")).toBe(true);
    rows.deleteExpired(T + 40 * DAY + 1, "");
    expect(["page:/old", "page:/new", "user:ann"].map((key) => rows.has(key as EntityKey))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("is not deleted while it has a change that is not written", () => {
    const rows = open();
    clickAt(rows, "page:/", T, 1);
    writeAll(rows);
    clickAt(rows, "page:/", T + 100 * DAY, 2);
    rows.deleteExpired(T + 100 * DAY, "");
    writeAll(rows);
    expect(clicksOf(open(), "page:/")).toBe(2);
  });
});
