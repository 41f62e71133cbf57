import { defaultFeatures } from "@tidemark/schema";
import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { pythonPackages } from "../../../../../tests/interop/install.ts";
import { pageViewLogs } from "../../page-view-logs.ts";
import { compilable } from "../compilable.ts";
import { definitions } from "../definitions.ts";
import { logs } from "../log.ts";
import { compareAsOf, compareReplay } from "../parity.ts";
import { openSpark } from "./run-spark.ts";

/**
 * @shows compiled Spark SQL returns the engine's values for the default catalogue and for generated definitions
 * @needs Java 17 or 21 and Python 3.10 or later with pip; installs pyspark 4.3.0 (500 MB) once
 */
let database: Awaited<ReturnType<typeof openSpark>>;
beforeAll(async () => {
  database = await openSpark(await pythonPackages("pyspark==4.3.0"));
  console.log(database.version);
});
afterAll(() => database?.close());

const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });

describe("Spark", () => {
  it("computes the default catalogue as a replay of the same log does", async () => {
    await fc.assert(
      fc.asyncProperty(logs(defaultFeatures), (log) => compareReplay(database, defaultFeatures, log)),
      { numRuns: 3, endOnFailure: true },
    );
  }, 600_000);

  it("computes it for sessions with 100 page views and lost events", async () => {
    await fc.assert(
      fc.asyncProperty(pageViewLogs, (events) => compareReplay(database, defaultFeatures, { events, written: events })),
      { numRuns: 2, endOnFailure: true },
    );
  }, 600_000);

  it("computes generated definitions at points in time as the engine does", async () => {
    const cases = definitions.chain((features) => fc.tuple(fc.constant(features), logs(features, 80)));
    await fc.assert(
      fc.asyncProperty(cases, picks, async ([features, log], chosen) => {
        const compiled = compilable(features, "spark");
        fc.pre(compiled.length > 0);
        await compareAsOf(database, compiled, log, chosen);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  }, 600_000);
});
