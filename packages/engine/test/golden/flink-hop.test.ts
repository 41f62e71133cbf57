import { defineFeatures, lifetime } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { asOf } from "../../src/as-of.ts";
import { createEngine } from "../../src/engine.ts";
import { toSql } from "../../src/sql/to-sql.ts";
import { openDuckdb } from "../sql/run-duckdb.ts";
import { type ClickCount, clicks, clicksPerUser, flinkHop, flinkOver, inOrder } from "./flink-hop.ts";

/** The recording's lateness: a watermark 5 seconds behind the latest event. Flink drops late events by default. */
const noLateness = { outOfOrdernessMs: 5_000, allowedLatenessMs: 0 };

const engine = createEngine(clicksPerUser, noLateness);
const { every_ms, panes } = clicksPerUser[0].window;
const users = [...new Set(clicks.map(({ user_id = "" }) => user_id))];
const times = clicks.map(({ time }) => time);

/** First millisecond after each window with clicks, and after some without. */
const windowEnds = Array.from(
  { length: (Math.max(...times) - Math.min(...times)) / every_ms + 2 * panes },
  (_, step) => (Math.floor(Math.min(...times) / every_ms) + step) * every_ms,
);

/** Every user at the end of every window. The features as of that time are those of the window's last millisecond. */
const spine = users.flatMap((id) => windowEnds.map((as_of) => ({ entity: "user", id, as_of })));

/** Removes windows without clicks, for which Flink has no row. */
const withClicks = (counts: readonly ClickCount[]) => inOrder(counts.filter(({ clicks }) => clicks > 0));

describe("the recording of Flink", () => {
  it("has 200 clicks, out of order, and 173 windows", () => {
    expect([clicks.length, flinkHop.length]).toEqual([200, 173]);
    expect(times).not.toEqual(times.toSorted());
  });

  /*
   * Flink drops a late event from each window whose end the watermark has passed, and counts it in the others. The
   * engine drops it from all of its windows or from none, by the allowed lateness. The two rules agree while no event
   * arrives behind the watermark.
   */
  it("has no click behind the watermark, so that the result does not depend on the rule for late events", () => {
    const state = engine.emptyState();
    expect(clicks.filter((click) => engine.fold(state, click, click) !== "on_time")).toEqual([]);
  });

  it("equals a fold in the order of arrival for every window", () => {
    const counts = spine.map(({ id, as_of }) => {
      const state = engine.emptyState();
      for (const click of clicks) if (click.user_id === id && click.time < as_of) engine.fold(state, click, click);
      const at = as_of - 1;
      return { id, at, clicks: engine.vector(state, at).clicks_last_minute as number };
    });
    expect(withClicks(counts)).toEqual(flinkHop);
  });

  it("equals asOf for every window", () => {
    const vectors = asOf(clicks, clicksPerUser, spine, noLateness);
    const counts = spine.map(({ id, as_of }, row) => ({
      id,
      at: as_of - 1,
      clicks: vectors[row]?.clicks_last_minute as number,
    }));
    expect(withClicks(counts)).toEqual(flinkHop);
  });

  it("equals the query for DuckDB for every window", async () => {
    const duckdb = await openDuckdb();
    await duckdb.load(clicks, spine);
    const rows = await duckdb.query(toSql(clicksPerUser, "duckdb", noLateness).user_features ?? "", clicksPerUser);
    expect(rows).toHaveLength(spine.length);
    expect(
      withClicks(
        rows.map(({ id, as_of, clicks_last_minute }) => ({ id, at: as_of - 1, clicks: clicks_last_minute as number })),
      ),
    ).toEqual(flinkHop);
  });

  /*
   * Features have no window that ends with each event. Its count is the difference between two lifetimes, as of its end
   * and its start.
   */
  it("equals, for its count OVER the minute before each click, the growth of a lifetime in that minute", () => {
    const ever = defineFeatures([{ ...clicksPerUser[0], name: "clicks", window: lifetime() }]);
    const countsAsOf = (times: number[]) =>
      asOf(
        clicks,
        ever,
        flinkOver.map(({ id }, row) => ({ entity: "user", id, as_of: times[row] as number })),
        noLateness,
      ).map(({ clicks }) => clicks as number);
    const upTo = countsAsOf(flinkOver.map(({ at }) => at + 1));
    const before = countsAsOf(flinkOver.map(({ at }) => at - 59_999));
    expect(flinkOver.map((row, place) => ({ ...row, clicks: (upTo[place] ?? 0) - (before[place] ?? 0) }))).toEqual(
      flinkOver,
    );
  });
});
