import { defaultFeatures, type FeatureSet } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { bigquery } from "../packages/cli/src/warehouse/bigquery.ts";
import { snowflake } from "../packages/cli/src/warehouse/snowflake.ts";
import { warehouseTables } from "../packages/cli/src/warehouse/table.ts";
import { warehouseRows } from "../packages/collector/src/sinks/warehouse-row.ts";

const set: FeatureSet = { name: "counts", version: 1, entity: "session", features: ["event_count"], log: true };
const tables = warehouseTables(defaultFeatures, [set]);

const position = { site: "shop", partition: 0, offset: 1, arrival: 1, received_at: 1_000 };
const features = Object.fromEntries(
  defaultFeatures.filter(({ entity }) => entity === "session").map(({ name }) => [name, null]),
);
const records = [
  {
    ...{ kind: "event", v: 1, ...position },
    event: {
      ...{ type: "custom", name: "order", properties: { a: 1 }, time: 1, seq: 0, unknown: "x" },
      ...{ session_id: "session1", tab_id: "tab00001", anonymous_id: "browser1" },
    },
  },
  {
    ...{ kind: "vector", ...position, session_id: "session1", anonymous_id: "browser1", entity: "session" },
    ...{ id: "session1", version: 1, closed_at: 2, event_time: 1, definition_version: "d", late: 0, too_late: 0 },
    ...{ delivery: {}, features: { ...features, event_count: 3 }, consent: { measurement: "granted" } },
  },
  { kind: "served_vector", ...position, session_id: "session1", payload: { a: 1 } },
] as unknown as LogRecord[];

describe.each([
  ["snowflake", snowflake, '"'],
  ["bigquery", bigquery, "`"],
] as const)("the rows of sinks and the tables of %s", (_, dialect, quote) => {
  const statements = dialect.statements({ site: "shop", location: "gs://log/log/v1", tables });

  it.each(records)("have the same columns: $kind", (record) => {
    const table = tables.find(({ kind }) => kind === record.kind)?.files;
    const ofTable = statements.filter((sql) => new RegExp(`^(CREATE|ALTER) TABLE .*\\b${table}[ \\n]`).test(sql));
    const declared = new RegExp(`${quote}(\\w+)${quote} [A-Z]`, "g");
    const columns = ofTable.flatMap((sql) => [...sql.matchAll(declared)].map(([, name]) => name?.toLowerCase()));
    const required = new RegExp(`${quote}(\\w+)${quote} [^\\n]* NOT NULL`, "g");
    const needed = ofTable.flatMap((sql) => [...sql.matchAll(required)].map(([, name]) => name?.toLowerCase()));
    const given = Object.keys(warehouseRows(defaultFeatures)(record));
    expect(given.filter((name) => !columns.includes(name))).toEqual([]);
    expect(needed.filter((name) => name !== undefined && !given.includes(name))).toEqual([]);
    expect(needed.length).toBeGreaterThan(4);
  });
});
