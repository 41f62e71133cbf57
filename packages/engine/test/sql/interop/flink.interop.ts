import { defaultFeatures, type Feature } from "@tidemark/schema";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackedPackage } from "../../../../../tests/interop/install.ts";
import { asOf } from "../../../src/as-of.ts";
import { createEngine } from "../../../src/engine.ts";
import { entityId } from "../../../src/entity.ts";
import { type LoggedEvent, sessionEvents } from "../../../src/logged-event.ts";
import { toSql } from "../../../src/sql/to-sql.ts";
import { clickOf, clicks, clicksPerUser, flinkHop, inOrder } from "../../golden/flink-hop.ts";
import { expectAgreement } from "../agreement.ts";
import { compilable } from "../compilable.ts";
import { logs } from "../log.ts";
import { openFlink } from "./run-flink.ts";

/**
 * @shows compiled Flink SQL returns the engine's values at the end of each window, in batch and in streaming mode
 * @needs Java 17 and Python 3 with pip; installs the jars of Flink 2.3.0 (280 MB) once
 */
describe.each(["batch", "streaming"] as const)("Flink in %s mode", (mode) => {
  let flink: Awaited<ReturnType<typeof openFlink>>;
  beforeAll(async () => {
    const libraries = await unpackedPackage("apache-flink-libraries==2.3.0");
    flink = await openFlink(`${libraries}/pyflink/lib`, mode);
    console.log(flink.version);
  });
  afterAll(() => flink?.close());

  const features = compilable(defaultFeatures, "flink");

  it("computes the default catalogue as the engine does in the last millisecond of each window", async () => {
    const queries = toSql(features, "flink");
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(logs(features, 60), async (log) => {
        // On a stream, a window that has ended accepts no more events: only events in order are all counted.
        const events = log.events.toSorted((a, b) => a.time - b.time);
        await flink.load(events);
        const inSession = sessionEvents({ allowedLatenessMs: Number.MAX_SAFE_INTEGER });
        const counted = events.map((event) => inSession(event).event);
        for (const [name, query] of Object.entries(queries)) {
          const own = featuresOfQuery(features, query);
          const idOf = entityId((own[0] as Feature).entity as "session");
          const engine = createEngine(own, { allowedLatenessMs: Number.MAX_SAFE_INTEGER });
          const isWindowed = query.includes("window_end");
          const bounds = isWindowed ? ["window_start", "window_end"] : [];
          const columns = ["id", ...bounds, ...own.map((feature) => feature.name)];
          for (const { id, window_start = 0, window_end, ...vector } of await flink.query(query, columns)) {
            const state = engine.emptyState();
            // A window states the signals of its own events only.
            for (const event of counted) {
              const isIn = window_end === undefined || (event.time >= window_start && event.time < window_end);
              if (isIn && idOf(event, event) === id) engine.fold(state, event, event);
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

  /** Returns Flink's clicks per user at the last millisecond of each window, by the compiled query. */
  const countsOf = async (events: readonly LoggedEvent[]) => {
    await flink.load(events);
    const [query = ""] = Object.values(toSql(clicksPerUser, "flink"));
    const rows = await flink.query(query, ["id", "window_end", "clicks_last_minute"]);
    return inOrder(
      rows.map(({ id, window_end = 0, clicks_last_minute }) => ({
        id,
        at: window_end - 1,
        clicks: clicks_last_minute as number,
      })),
    );
  };

  it("returns the recorded result for clicks per user", async () => {
    expect(await countsOf(clicks)).toEqual(flinkHop);
  }, 120_000);

  it("counts a late click in every window of a batch, and in the windows of a stream that have not ended", async () => {
    const BEGIN = 1_795_867_200_000;
    const events = [0, 35_000, 5_000].map((after, seq) => clickOf("ann", BEGIN + after, seq));
    const ends = [10, 20, 30, 40, 50, 60, 70, 80, 90];
    const inTime = [1, 1, 1, 2, 2, 2, 1, 1, 1];
    const withLate = [2, 2, 2, 3, 3, 3, 1, 1, 1];
    // The click at 35 s brings the watermark to 30 s: three windows have ended when the click of 5 s arrives.
    const openOnly = [1, 1, 1, 3, 3, 3, 1, 1, 1];
    const counts = (await countsOf(events)).map(({ at, clicks }) => [(at + 1 - BEGIN) / 1_000, clicks]);
    const expected = mode === "batch" ? withLate : openOnly;
    expect(counts).toEqual(ends.map((end, place) => [end, expected[place]]));

    const spine = ends.map((end) => ({ entity: "user", id: "ann", as_of: BEGIN + end * 1_000 }));
    const engine = (allowedLatenessMs: number) =>
      asOf(events, clicksPerUser, spine, { allowedLatenessMs }).map((vector) => vector.clicks_last_minute);
    expect([engine(86_400_000), engine(0)]).toEqual([withLate, inTime]);
  }, 120_000);
});

/** Returns the features that are columns of a query. */
const featuresOfQuery = (features: readonly Feature[], query: string): Feature[] =>
  features.filter(({ name }) => query.slice(query.lastIndexOf("\nSELECT")).includes(`\`${name}\``));
