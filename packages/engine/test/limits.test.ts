import { type Feature, lifetime } from "@tidemark/schema";
import { beforeAll, describe, expect, it } from "vitest";
import type { LoggedEvent } from "../src/logged-event.ts";
import { replay } from "../src/replay.ts";
import { compareReplay, type Database } from "./sql/parity.ts";
import { openDuckdb } from "./sql/run-duckdb.ts";

/** The documented bounds, independent of the constants in the code. */
const [MAX_SUMMAND, MAX_DEVIANT, MAX_TEXT_CHARACTERS, MAX_ID_CHARACTERS] = [1e15, 1e9, 200, 1_000];

/** The smallest double above a value. */
const after = (value: number): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + 1n);
  return view.getFloat64(0);
};

const common = {
  description: "D.",
  unit: "any",
  entity: { name: "item", field: "properties.item" },
  source: "custom",
  window: lifetime(),
} as const;

const features: Feature[] = [
  { ...common, name: "sum", aggregate: { type: "sum", field: "properties.value" } },
  { ...common, name: "mean", aggregate: { type: "mean", field: "properties.value" } },
  { ...common, name: "stddev", aggregate: { type: "stddev", field: "properties.value" } },
  { ...common, name: "distinct", aggregate: { type: "distinct", field: "properties.value" } },
  { ...common, name: "last", aggregate: { type: "last", field: "properties.value" } },
  { ...common, name: "top", aggregate: { type: "top_k", k: 2, field: "properties.value" } },
];

/** A log of custom events with the given properties, one millisecond apart. */
const logOf = (all: readonly Record<string, string | number>[]) => {
  const events = all.map(
    (properties, seq): LoggedEvent => ({
      type: "custom",
      name: "x",
      session_id: "session-1",
      anonymous_id: "browser-1",
      tab_id: "tab-0000001",
      seq,
      time: 1_800_000_000_000 + seq,
      properties,
    }),
  );
  return { events, written: events };
};

let database: Database;
beforeAll(async () => {
  database = await openDuckdb();
});

/** Checks that DuckDB and the engine agree, and returns the engine's features of each item. */
const featuresOf = async (all: { item: string; value: string | number }[]) => {
  const log = logOf(all);
  await compareReplay(database, features, log);
  return replay(log.events, features).map(({ id, features }) => ({ id, ...features }));
};

describe("the engine and DuckDB", () => {
  it.each([1, -1])("sum values up to the bound with the sign %d, and skip the next larger one", async (sign) => {
    const [most, beyond] = [sign * MAX_SUMMAND, sign * after(MAX_SUMMAND)];
    expect(await featuresOf([most, beyond, 2].map((value) => ({ item: "a", value })))).toMatchObject([
      { id: "a", sum: most + 2, mean: (most + 2) / 2, distinct: 3, last: 2 },
    ]);
  });

  it.each([1, -1])(
    "compute the deviation of values up to the bound with the sign %d, and skip the next larger one",
    async (sign) => {
      const [most, beyond] = [sign * MAX_DEVIANT, sign * after(MAX_DEVIANT)];
      expect(await featuresOf([most, beyond, 0].map((value) => ({ item: "a", value })))).toMatchObject([
        { id: "a", stddev: MAX_DEVIANT / Math.SQRT2, distinct: 3 },
      ]);
    },
  );

  const text = (length: number) => "🎈".repeat(length);

  it("store texts up to the bound, and truncate longer ones, which still differ", async () => {
    const all = [0, 1, 2, 2].map((more) => ({ item: "a", value: text(MAX_TEXT_CHARACTERS + more) }));
    const stored = text(MAX_TEXT_CHARACTERS);
    expect(await featuresOf(all)).toMatchObject([
      { id: "a", distinct: 3, last: stored, top: [stored, stored], sum: 0, mean: null },
    ]);
  });

  it("compute features of ids up to the bound, and of no longer ones", async () => {
    const ids = [-1, 0, 1].map((more) => text(MAX_ID_CHARACTERS + more));
    const all = ids.map((item) => ({ item, value: 1 }));
    expect(await featuresOf(all)).toMatchObject([{ id: ids[0] }, { id: ids[1] }]);
  });
});
