import { defaultFeatures, type Expression, type Feature, lifetime } from "@tidemark/schema";
import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { columnEvents } from "./column-events.ts";
import { definitions } from "./definitions.ts";
import { logs } from "./log.ts";
import { compareAsOf, compareReplay, type Database } from "./parity.ts";
import { jsonEvents, openDuckdb } from "./run-duckdb.ts";

const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });

describe.each([
  ["JSON", jsonEvents],
  ["columns", columnEvents],
])("DuckDB over events as %s", (_, layout) => {
  let database: Database;
  beforeAll(async () => {
    database = await openDuckdb(layout);
  });

  describe("with the default catalogue", () => {
    it("agrees with a replay of the same log", async () => {
      await fc.assert(
        fc.asyncProperty(logs(defaultFeatures), (log) => compareReplay(database, defaultFeatures, log)),
        { numRuns: 10 },
      );
    }, 60_000);

    it("agrees with the engine at points in time", async () => {
      await fc.assert(
        fc.asyncProperty(logs(defaultFeatures), picks, (log, chosen) =>
          compareAsOf(database, defaultFeatures, log, chosen),
        ),
        { numRuns: 10 },
      );
    }, 60_000);
  });

  describe("with any definitions", () => {
    const cases = definitions.chain((features) => fc.tuple(fc.constant(features), logs(features, 80)));

    const lateness = fc.record(
      { outOfOrdernessMs: fc.nat(60_000), allowedLatenessMs: fc.nat(7_200_000) },
      { requiredKeys: [] },
    );

    it("agree with a replay of the same log", async () => {
      await fc.assert(
        fc.asyncProperty(cases, lateness, ([features, log], options) =>
          compareReplay(database, features, log, options),
        ),
        { numRuns: 50 },
      );
    }, 120_000);

    it("combine an operand that is always null with another one", async () => {
      const common = { description: "", unit: "flag", entity: "page" } as const;
      const never: Expression = { op: "eq", left: 0, right: { op: "and", left: 0, right: 0 } };
      const always: Expression = { op: "eq", left: 0, right: 0 };
      const features: Feature[] = [
        { ...common, name: "views", source: "page_view", aggregate: { type: "count" }, window: lifetime() },
        { ...common, name: "never", derive: never },
        { ...common, name: "always_or_never", derive: { if: always, then: { feature: "never" }, else: always } },
      ];
      await fc.assert(
        fc.asyncProperty(logs(features, 10), (log) => compareReplay(database, features, log)),
        { numRuns: 5 },
      );
    });

    it("agree with the engine at points in time", async () => {
      await fc.assert(
        fc.asyncProperty(cases, picks, ([features, log], chosen) => compareAsOf(database, features, log, chosen)),
        { numRuns: 50 },
      );
    }, 120_000);
  });
});
