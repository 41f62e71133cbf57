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

/** The names that a query's last select list has, unquoted. */
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
    "tells the whole catalogue in %s, one query an entity, in the definitions' order",
    (dialect) => {
      const queries = toSql(defaultFeatures, dialect);
      expect(Object.keys(queries)).toEqual(["session_features", "user_features", "page_features"]);
      for (const entity of ["session", "user", "page"]) {
        const names = defaultFeatures.filter((feature) => feature.entity === entity).map(({ name }) => name);
        expect(columnsOf(queries[`${entity}_features`] as string)).toEqual(["id", "as_of", ...names]);
      }
    },
  );

  it("counts with other bounds of lateness when it is told so", () => {
    const query = toSql([ever], "duckdb", { outOfOrdernessMs: 1_000, allowedLatenessMs: 60_000 }).user_features;
    expect(query).toContain(`progress - "time" <= 61000`);
  });

  it("tells each kind of window in Flink by Flink's own function", () => {
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
      "TABLE(HOP(TABLE counted, DESCRIPTOR(rowtime), INTERVAL '10.000' SECOND(2, 3), INTERVAL '60.000' SECOND(2, 3)))",
    );
    expect(tumble).toContain("TABLE(TUMBLE(TABLE counted, DESCRIPTOR(rowtime), INTERVAL '86400.000' SECOND(5, 3)))");
    expect(cumulate).toContain("TABLE(CUMULATE(TABLE counted, DESCRIPTOR(rowtime), INTERVAL '3600.000' SECOND(4, 3), ");
    expect(columnsOf(hop as string)).toEqual(["id", "window_start", "window_end", "clicks"]);
    expect(columnsOf(whole as string)).toEqual(["id", "ever"]);
  });

  it("refuses by name what Flink cannot tell", () => {
    const refused = (feature: Partial<Feature>) => () =>
      toSql([{ ...clicks, name: "it", ...feature } as Feature], "flink");
    const noList = "feature it cannot be told in flink: Flink has no function that takes the values out of a list";
    expect(refused({ aggregate: { type: "top_k", field: "target.path", k: 3 } })).toThrow(noList);
    expect(refused({ aggregate: { type: "last_n", field: "target.path", n: 3 } })).toThrow(noList);
    const momentless = "feature it cannot be told in flink: its value changes while nothing happens";
    expect(refused({ aggregate: { type: "time_since_last" }, window: lifetime() })).toThrow(momentless);
    expect(refused({ aggregate: { type: "decayed_count", half_life_ms: 1 }, window: lifetime() })).toThrow(momentless);
    expect(refused({ aggregate: { type: "time_since_last" } })).not.toThrow();
    expect(() => toSql([clicks, ever, share], "flink")).toThrow(
      "feature share cannot be told in flink: it reads features of different windows",
    );
  });

  it("refuses by name, or tells, whatever is defined", () => {
    fc.assert(
      fc.property(definitions, fc.constantFrom("duckdb", "spark", "flink"), (features, dialect) => {
        const told = compilable(features, dialect);
        if (dialect === "duckdb") expect(told).toEqual(features);
        const columns = Object.values(toSql(told, dialect)).flatMap(columnsOf);
        for (const { name } of told) expect(columns).toContain(name);
        for (const feature of features) {
          if (told.includes(feature) || "derive" in feature) continue;
          expect(() => toSql([feature], dialect)).toThrow(`feature ${feature.name} cannot be told in ${dialect}: `);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(["postgres", "constructor", undefined])("refuses a dialect that there is not: %s", (dialect) => {
    expect(() => toSql([ever], dialect as DialectName)).toThrow(
      "toSql: dialect: expected duckdb, flink, spark; given ",
    );
  });

  it("refuses an aggregate or a window that there is not", () => {
    const median = { ...ever, aggregate: { type: "median" } } as unknown as Feature;
    expect(() => toSql([median], "duckdb")).toThrow("feature ever: aggregate.type: expected count, ");
    const year = { ...ever, window: { type: "year" } } as unknown as Feature;
    expect(() => toSql([year], "duckdb")).toThrow("feature ever: window.type: expected session, ");
  });

  it("refuses what cannot be meant, and names that the queries need", () => {
    expect(() => toSql([share], "duckdb")).toThrow("feature share is derived from clicks, which is not defined");
    expect(() => toSql([{ ...ever, name: "as_of" }], "duckdb")).toThrow(
      "feature as_of cannot be told in duckdb: the query has a column as_of of its own",
    );
    const unknown = { ...ever, aggregate: { type: "sum", field: "price" } } as unknown as Feature;
    expect(() => toSql([unknown], "spark")).toThrow("feature ever cannot be told in spark: click has no field price");
  });
});
