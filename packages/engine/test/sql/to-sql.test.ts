import { defaultFeatures, type Feature, hopping, lifetime, tumbling } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DialectName } from "../../src/sql/dialect.ts";
import { toSql } from "../../src/sql/to-sql.ts";
import { compilable } from "./compilable.ts";
import { definitions } from "./definitions.ts";

const named = { description: "", unit: "count", entity: "user", source: "click" } as const;
const clicks: Feature = {
  ...named,
  name: "clicks",
  aggregate: { type: "count" },
  window: hopping({ every_ms: 10_000, panes: 6 }),
};
const ever: Feature = { ...named, name: "ever", aggregate: { type: "count" }, window: lifetime() };
const share: Feature = {
  description: "",
  unit: "ratio",
  entity: "user",
  name: "share",
  derive: { op: "divide", left: { feature: "clicks" }, right: { feature: "ever" } },
};

/** The columns of a query's result, unquoted. */
const columnsOf = (query: string): string[] =>
  query
    .slice(query.lastIndexOf("\nSELECT ") + "\nSELECT ".length, query.lastIndexOf(" FROM "))
    .split(",")
    .map((column) => column.trim().slice(1, -1));

describe("toSql", () => {
  it("depends on nothing but the definitions", () => {
    for (const dialect of ["duckdb", "spark"] as const) {
      expect(toSql(structuredClone(defaultFeatures), dialect)).toEqual(toSql(defaultFeatures, dialect));
    }
  });

  it.each(["duckdb", "spark"] as const)(
    "compiles the whole catalogue to %s: one query for each entity, with the features in the order of definition",
    (dialect) => {
      const queries = toSql(defaultFeatures, dialect);
      expect(Object.keys(queries)).toEqual(["session_features", "user_features", "page_features"]);
      for (const entity of ["session", "user", "page"]) {
        const names = defaultFeatures.filter((feature) => feature.entity === entity).map(({ name }) => name);
        expect(columnsOf(queries[`${entity}_features`] as string)).toEqual(["id", "as_of", ...names]);
      }
    },
  );

  it("uses the bounds of lateness in the options", () => {
    const query = toSql([ever], "duckdb", { outOfOrdernessMs: 1_000, allowedLatenessMs: 60_000 }).user_features;
    expect(query).toContain(`max_event_time - "time" <= 61000`);
  });

  it("compiles each kind of window to Flink's window function", () => {
    const today: Feature = { ...named, name: "today", aggregate: { type: "count" }, window: tumbling(86_400_000) };
    const byHour: Feature = {
      ...today,
      name: "by_hour",
      window: { type: "cumulative", every_ms: 3_600_000, panes: 24 },
    };
    const queries = toSql([clicks, ever, today, byHour], "flink");
    expect(Object.keys(queries)).toEqual([
      "user_features_hopping_10000_60000",
      "user_features",
      "user_features_tumbling_86400000",
      "user_features_cumulative_3600000_86400000",
    ]);
    const [hop, whole, tumble, cumulate] = Object.values(queries);
    expect(hop).toContain(
      "TABLE(HOP(TABLE events_with_id, DESCRIPTOR(rowtime), INTERVAL '10.000' SECOND(2, 3), INTERVAL '60.000' SECOND(2, 3)))",
    );
    expect(tumble).toContain(
      "TABLE(TUMBLE(TABLE events_with_id, DESCRIPTOR(rowtime), INTERVAL '86400.000' SECOND(5, 3)))",
    );
    expect(cumulate).toContain(
      "TABLE(CUMULATE(TABLE events_with_id, DESCRIPTOR(rowtime), INTERVAL '3600.000' SECOND(4, 3), ",
    );
    expect(columnsOf(hop as string)).toEqual(["id", "window_start", "window_end", "clicks"]);
    expect(columnsOf(whole as string)).toEqual(["id", "ever"]);
  });

  it("rejects features that Flink cannot compute, with their name and the reason", () => {
    const compileToFlink = (feature: Partial<Feature>) => () =>
      toSql([{ ...clicks, name: "it", ...feature } as Feature], "flink");
    const noList =
      "feature it cannot be compiled to Flink SQL: Flink has no function that extracts the values of a list";
    expect(compileToFlink({ aggregate: { type: "top_k", field: "target.path", k: 3 } })).toThrow(noList);
    expect(compileToFlink({ aggregate: { type: "last_n", field: "target.path", n: 3 } })).toThrow(noList);
    const noReadTime = "feature it cannot be compiled to Flink SQL: its value depends on the read time";
    expect(compileToFlink({ aggregate: { type: "time_since_last" }, window: lifetime() })).toThrow(noReadTime);
    expect(compileToFlink({ aggregate: { type: "decayed_count", half_life_ms: 1 }, window: lifetime() })).toThrow(
      noReadTime,
    );
    expect(compileToFlink({ aggregate: { type: "time_since_last" } })).not.toThrow();
    expect(() => toSql([clicks, ever, share], "flink")).toThrow(
      "feature share cannot be compiled to Flink SQL: it reads features of different windows",
    );
  });

  it("compiles any definitions, or rejects a feature by its name", () => {
    fc.assert(
      fc.property(definitions, fc.constantFrom("duckdb", "spark", "flink"), (features, dialect) => {
        const compiled = compilable(features, dialect);
        if (dialect === "duckdb") expect(compiled).toEqual(features);
        const columns = Object.values(toSql(compiled, dialect)).flatMap(columnsOf);
        for (const { name } of compiled) expect(columns).toContain(name);
        for (const feature of features) {
          if (compiled.includes(feature) || "derive" in feature) continue;
          expect(() => toSql([feature], dialect)).toThrow(`feature ${feature.name} cannot be compiled to `);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(["postgres", "constructor", undefined])("rejects the unknown dialect %s", (dialect) => {
    expect(() => toSql([ever], dialect as DialectName)).toThrow(
      "toSql: dialect: expected duckdb, flink, spark; given ",
    );
  });

  it.each(["spark", "flink"] as const)("rejects columns for %s, and compiles them for DuckDB", (dialect) => {
    expect(() => toSql([ever], dialect, { columns: true })).toThrow(
      `toSql: columns: expected the dialect duckdb; given "${dialect}"`,
    );
    expect(toSql([ever], dialect, { columns: false })).toEqual(toSql([ever], dialect));
    expect(toSql(defaultFeatures, "duckdb", { columns: true }).session_features).not.toContain("json_extract");
  });

  it("rejects unknown aggregates and windows", () => {
    const median = { ...ever, aggregate: { type: "median" } } as unknown as Feature;
    expect(() => toSql([median], "duckdb")).toThrow("feature ever: aggregate.type: expected count, ");
    const year = { ...ever, window: { type: "year" } } as unknown as Feature;
    expect(() => toSql([year], "duckdb")).toThrow("feature ever: window.type: expected session, ");
  });

  it("rejects undefined features, unknown fields and names that its queries use", () => {
    expect(() => toSql([share], "duckdb")).toThrow("feature share is derived from clicks, which is not defined");
    expect(() => toSql([{ ...ever, name: "as_of" }], "duckdb")).toThrow(
      "feature as_of cannot be compiled to DuckDB SQL: the query has a key column as_of; rename the feature",
    );
    const unknown = { ...ever, aggregate: { type: "sum", field: "price" } } as unknown as Feature;
    expect(() => toSql([unknown], "spark")).toThrow(
      "feature ever cannot be compiled to Spark SQL: source click has no field price",
    );
  });
});
