import { defineFeatures, lifetime } from "@tidemark/schema";
import { expect, it } from "vitest";
import { asOf } from "../../src/as-of.ts";
import { createEngine } from "../../src/engine.ts";
import { toSql } from "../../src/sql/to-sql.ts";
import { openDuckdb } from "../sql/run-duckdb.ts";
import { type ClickCount, clicks, clicksPerUser, flinkHop, flinkOver, inOrder } from "./flink-hop.ts";

/** The recording's rule: a watermark 5 seconds behind the latest event, and Flink's default for late events, which is to drop them. */
const strict = { outOfOrdernessMs: 5_000, allowedLatenessMs: 0 };

const engine = createEngine(clicksPerUser, strict);
const { every_ms, panes } = clicksPerUser[0].window;
const users = [...new Set(clicks.map(({ user_id = "" }) => user_id))];
const times = clicks.map(({ time }) => time);

/** First millisecond after each window that holds a click, and after some that hold none. */
const windowEnds = Array.from(
  { length: (Math.max(...times) - Math.min(...times)) / every_ms + 2 * panes },
  (_, step) => (Math.floor(Math.min(...times) / every_ms) + step) * every_ms,
);

/** Every user at the end of every window: as of that moment, the features are those of the window's last millisecond. */
const spine = users.flatMap((id) => windowEnds.map((as_of) => ({ entity: "user", id, as_of })));

/** Flink has no row for a window in which a user did nothing. */
const withClicks = (counts: readonly ClickCount[]) => inOrder(counts.filter(({ clicks }) => clicks > 0));

it("Flink recorded 200 clicks, out of order, and 173 windows", () => {
  expect([clicks.length, flinkHop.length]).toEqual([200, 173]);
  expect(times).not.toEqual(times.toSorted());
});

/*
 * Flink drops a late event from each window whose end the watermark has passed, and counts it in the others; the engine drops it from
 * all its windows or from none, by the allowed lateness. The two rules agree while no event comes behind the watermark.
 */
it("no recorded click comes behind the watermark, so that no rule for late events has a part in the answer", () => {
  const state = engine.emptyState();
  expect(clicks.filter((click) => engine.fold(state, click, click) !== "on_time")).toEqual([]);
});

it("a fold in the order of arrival gives Flink's answer for every window", () => {
  const counts = spine.map(({ id, as_of }) => {
    const state = engine.emptyState();
    for (const click of clicks) if (click.user_id === id && click.time < as_of) engine.fold(state, click, click);
    const at = as_of - 1;
    return { id, at, clicks: engine.vector(state, at).clicks_last_minute as number };
  });
  expect(withClicks(counts)).toEqual(flinkHop);
});

it("asOf gives Flink's answer for every window", () => {
  const vectors = asOf(clicks, clicksPerUser, spine, strict);
  const counts = spine.map(({ id, as_of }, row) => ({
    id,
    at: as_of - 1,
    clicks: vectors[row]?.clicks_last_minute as number,
  }));
  expect(withClicks(counts)).toEqual(flinkHop);
});

it("the query for DuckDB gives Flink's answer for every window", async () => {
  const duckdb = await openDuckdb();
  await duckdb.load(clicks, spine);
  const rows = await duckdb.query(toSql(clicksPerUser, "duckdb", strict).user_features ?? "", clicksPerUser);
  expect(rows).toHaveLength(spine.length);
  expect(
    withClicks(
      rows.map(({ id, as_of, clicks_last_minute }) => ({ id, at: as_of - 1, clicks: clicks_last_minute as number })),
    ),
  ).toEqual(flinkHop);
});

/* A window that ends with each event is no window of a feature: it is what a lifetime has grown by in that time. */
it("asOf of a lifetime grows in the minute before each click by Flink's count OVER that minute", () => {
  const ever = defineFeatures([{ ...clicksPerUser[0], name: "clicks", window: lifetime() }]);
  const countsBefore = (moments: number[]) =>
    asOf(
      clicks,
      ever,
      flinkOver.map(({ id }, row) => ({ entity: "user", id, as_of: moments[row] as number })),
      strict,
    ).map(({ clicks }) => clicks as number);
  const upTo = countsBefore(flinkOver.map(({ at }) => at + 1));
  const before = countsBefore(flinkOver.map(({ at }) => at - 59_999));
  expect(flinkOver.map((row, place) => ({ ...row, clicks: (upTo[place] ?? 0) - (before[place] ?? 0) }))).toEqual(
    flinkOver,
  );
});
