import { type Feature, hopping, lifetime } from "@tidemark/schema";
import { beforeEach, describe, expect, it } from "vitest";
import { compileFeatures } from "../../src/compile-features.ts";
import type { RollupKey } from "../../src/rollup/push.ts";
import { EntityRows } from "../../src/rollup/rows.ts";
import { MemoryKv } from "./memory-kv.ts";

const clicks: Feature = {
  name: "clicks",
  description: "D.",
  unit: "count",
  entity: "page",
  source: "click",
  aggregate: { type: "count" },
  window: lifetime(),
};

const definitions = compileFeatures([clicks]);

/** Maximum number of unchanged rows in memory. */
const MAX_CACHED = 1_000;

let kv: MemoryKv;
beforeEach(() => {
  kv = new MemoryKv();
});

const openRows = (of = definitions) => new EntityRows(kv, of);

/** Sets the count of clicks of a row in memory. */
const setClicks = (rows: EntityRows, key: RollupKey, count: number) => {
  rows.getOrCreate(key).engine.cells = [count];
  rows.markChanged(key);
};

const clicksOf = (rows: EntityRows, key: RollupKey) => rows.get(key)?.engine.cells[0];

const writeAll = (rows: EntityRows) => {
  rows.write();
  rows.markWritten();
};

describe("the rows of a shard", () => {
  it("contain no row of an entity before its first change", () => {
    const rows = openRows();
    expect(rows.get("page:/")).toBeUndefined();
    expect(rows.getOrCreate("page:/")).toEqual({
      engine: definitions.rollups.get("page")?.engine.emptyState(),
      latest_pushes: new Map(),
      anonymous_ids: [],
    });
    expect(rows.get("page:/")).toBe(rows.getOrCreate("page:/"));
  });

  it("store rows of users and sessions without features for them", () => {
    const rows = openRows();
    for (const key of ["user:ann", "session:shop.session-1"] as const)
      expect(rows.getOrCreate(key).engine.cells).toEqual([]);
  });

  it("are stored when they are written, not before", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 3);
    expect(openRows().get("page:/")).toBeUndefined();
    writeAll(rows);
    expect(clicksOf(openRows(), "page:/")).toBe(3);
  });

  it("are written once for all changes since the last write, and only if changed", () => {
    const rows = openRows();
    setClicks(rows, "page:/", 1);
    setClicks(rows, "page:/", 2);
    rows.getOrCreate("page:/unchanged");
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

  it("are not read if they were stored in another layout", () => {
    const rows = openRows();
    const { latest_pushes, ...other } = rows.getOrCreate("page:/");
    kv.put("page:/", { ...other, merged: latest_pushes });
    expect(openRows().get("page:/")).toBeUndefined();
    expect(openRows().getOrCreate("page:/").latest_pushes).toEqual(new Map());
  });

  it("reject an entity without a feature", () => {
    expect(() => openRows().getOrCreate("product:boots")).toThrow("no feature is defined for product");
  });
});

describe("rows in memory", () => {
  /** Rows of a number of pages that were stored and read again. */
  const readMany = (count: number) => {
    const rows = openRows();
    for (let page = 0; page < count; page += 1) setClicks(rows, `page:/${page}`, page);
    writeAll(rows);
    const others = openRows();
    for (let page = 0; page < count; page += 1) others.get(`page:/${page}`);
    kv.reads.length = 0;
    return others;
  };

  it("are kept up to twice the number of cached rows while they are read", () => {
    const rows = readMany(2 * MAX_CACHED);
    rows.trim();
    expect([clicksOf(rows, "page:/7"), kv.reads]).toEqual([7, []]);
  });

  it("are removed after more reads, except those with unwritten changes", () => {
    const rows = readMany(2 * MAX_CACHED + 1);
    setClicks(rows, "page:/8", -1);
    rows.trim();
    expect([clicksOf(rows, "page:/7"), clicksOf(rows, "page:/8")]).toEqual([7, -1]);
    expect(kv.reads).toEqual(["page:/7"]);
  });

  it("are removed after a write if there are too many", () => {
    const rows = readMany(MAX_CACHED);
    setClicks(rows, "page:/8", -1);
    writeAll(rows);
    expect([clicksOf(rows, "page:/7"), kv.reads]).toEqual([7, []]);
    setClicks(rows, "page:/new", 1);
    writeAll(rows);
    expect([clicksOf(rows, "page:/7"), clicksOf(rows, "page:/8")]).toEqual([7, -1]);
    expect(kv.reads).toEqual(["page:/new", "page:/7", "page:/8"]);
  });
});
