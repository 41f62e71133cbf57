import { defaultFeatures, type Feature } from "@tidemark/schema";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackedPackage } from "../../../../../tests/interop/install.ts";
import { createEngine } from "../../../src/engine.ts";
import { entityId } from "../../../src/entity.ts";
import { toSql } from "../../../src/sql/to-sql.ts";
import { expectAgreement } from "../agreement.ts";
import { expressible } from "../expressible.ts";
import { logs } from "../log.ts";
import { openFlink } from "./run-flink.ts";

/**
 * @shows what compiled Flink SQL gives each window in batch and in streaming mode is what the engine gives in its last millisecond
 * @needs Java 17 and Python 3 with pip; installs the jars of Flink 2.3.0 (280 MB) once
 */
describe.each(["batch", "streaming"] as const)("in Flink, %s mode", (mode) => {
  let flink: Awaited<ReturnType<typeof openFlink>>;
  beforeAll(async () => {
    const libraries = await unpackedPackage("apache-flink-libraries==2.3.0");
    flink = await openFlink(`${libraries}/pyflink/lib`, mode);
    console.log(flink.version);
  });
  afterAll(() => flink?.close());

  const features = expressible(defaultFeatures, "flink");

  it("the default catalogue tells each window what the engine tells in its last millisecond", async () => {
    const queries = toSql(features, "flink");
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(logs(features, 60), async (log) => {
        // On a stream, a window that has ended takes in nothing more: only in order is everything told.
        const events = log.events.toSorted((a, b) => a.time - b.time);
        await flink.load(events);
        for (const [name, query] of Object.entries(queries)) {
          const own = told(features, query);
          const idOf = entityId((own[0] as Feature).entity as "session");
          const engine = createEngine(own, { allowedLatenessMs: Number.MAX_SAFE_INTEGER });
          const isWindowed = query.includes("window_end");
          const columns = ["id", ...(isWindowed ? ["window_end"] : []), ...own.map((feature) => feature.name)];
          for (const { id, window_end, ...vector } of await flink.ask(query, columns)) {
            const state = engine.zero();
            for (const event of events) {
              if (idOf(event, event) === id && (window_end === undefined || event.time < window_end))
                engine.fold(state, event, event);
            }
            const at = window_end === undefined ? (state.event_time as number) : window_end - 1;
            expectAgreement(own, vector as never, engine.vector(state, at), `${name} ${id} at ${at}`);
            compared += 1;
          }
        }
      }),
      { numRuns: 2, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(100);
  }, 600_000);
});

/** The features that a query tells. */
const told = (features: readonly Feature[], query: string): Feature[] =>
  features.filter(({ name }) => query.slice(query.lastIndexOf("\nSELECT")).includes(`\`${name}\``));
