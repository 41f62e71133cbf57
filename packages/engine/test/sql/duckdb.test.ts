import { defaultFeatures, type Expression, type Feature, lifetime } from "@tidemark/schema";
import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { definitions } from "./definitions.ts";
import { logs } from "./log.ts";
import { compareAsOf, compareReplay, type Database } from "./parity.ts";
import { openDuckdb } from "./run-duckdb.ts";

let database: Database;
beforeAll(async () => {
  database = await openDuckdb();
});

const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });

describe("the default catalogue in DuckDB", () => {
  it("tells what a replay of the same log does", async () => {
    await fc.assert(
      fc.asyncProperty(logs(defaultFeatures), (log) => compareReplay(database, defaultFeatures, log)),
      { numRuns: 20 },
    );
  }, 60_000);

  it("tells at a point in time what the engine had told then", async () => {
    await fc.assert(
      fc.asyncProperty(logs(defaultFeatures), picks, (log, moments) =>
        compareAsOf(database, defaultFeatures, log, moments),
      ),
      { numRuns: 20 },
    );
  }, 60_000);
});

describe("any definitions in DuckDB", () => {
  const cases = definitions.chain((features) => fc.tuple(fc.constant(features), logs(features, 80)));

  const lateness = fc.record(
    { outOfOrdernessMs: fc.nat(60_000), allowedLatenessMs: fc.nat(7_200_000) },
    { requiredKeys: [] },
  );

  it("tell what a replay of the same log does", async () => {
    await fc.assert(
      fc.asyncProperty(cases, lateness, ([features, log], options) => compareReplay(database, features, log, options)),
      { numRuns: 100 },
    );
  }, 120_000);

  it("read what never is anything beside what is", async () => {
    const about = { description: "", unit: "flag", entity: "page" } as const;
    const never: Expression = { op: "eq", left: 0, right: { op: "and", left: 0, right: 0 } };
    const always: Expression = { op: "eq", left: 0, right: 0 };
    const features: Feature[] = [
      { ...about, name: "views", source: "page_view", aggregate: { type: "count" }, window: lifetime() },
      { ...about, name: "never", derive: never },
      { ...about, name: "beside", derive: { if: always, then: { feature: "never" }, else: always } },
    ];
    await fc.assert(
      fc.asyncProperty(logs(features, 10), (log) => compareReplay(database, features, log)),
      { numRuns: 5 },
    );
  });

  it("tell at a point in time what the engine had told then", async () => {
    await fc.assert(
      fc.asyncProperty(cases, picks, ([features, log], moments) => compareAsOf(database, features, log, moments)),
      { numRuns: 100 },
    );
  }, 120_000);
});
