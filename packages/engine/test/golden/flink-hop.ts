import { readFileSync } from "node:fs";
import { defineFeatures, hopping } from "@tidemark/schema";
import type { LoggedEvent } from "../../src/logged-event.ts";

/** A recording of Flink in `flink-hop.json`. `about` and the queries in that file describe how it was made. */
interface Recording {
  /** Clicks in the order of their arrival. */
  input: { event_id: string; user_id: string; event_time_ms: number }[];
  /** A row for each user and window with clicks. */
  output: { user_id: string; window_time_ms: number; clicks_last_minute: number }[];
  /**
   * A row for each click: the number of its user's clicks in the minute that ends with the click, which is included.
   */
  over: { user_id: string; event_time_ms: number; clicks_last_minute: number }[];
}

const { input, output, over }: Recording = JSON.parse(readFileSync(new URL("flink-hop.json", import.meta.url), "utf8"));

/** The number of a user's clicks in the window whose last millisecond is `at`, in UTC milliseconds. */
export interface ClickCount {
  id: string;
  at: number;
  clicks: number;
}

/** Sorts counts by time and user, so that lists can be compared. */
export const inOrder = (counts: readonly ClickCount[]): ClickCount[] =>
  counts.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));

/** The feature that Flink's query computes. */
export const clicksPerUser = defineFeatures([
  {
    name: "clicks_last_minute",
    description: "Clicks in the last minute, every ten seconds.",
    unit: "count",
    entity: "user",
    source: "click",
    aggregate: { type: "count" },
    window: hopping({ every_ms: 10_000, panes: 6 }),
  },
]);

/**
 * A user's click. All clicks are in one session, because Flink's stream has one watermark, and the engine one for each
 * session.
 */
export const clickOf = (user_id: string, time: number, seq: number): LoggedEvent => ({
  type: "click",
  session_id: "stream",
  anonymous_id: "stream",
  tab_id: "stream",
  user_id,
  seq,
  time,
  view_id: "view",
  target: { tag: "button", path: "button" },
  x: 0,
  y: 0,
  page_x: 0,
  page_y: 0,
  button: 0,
  pointer_type: "mouse",
});

/** The recorded clicks in the order of their arrival. */
export const clicks: LoggedEvent[] = input.map(({ user_id, event_time_ms }, seq) =>
  clickOf(user_id, event_time_ms, seq),
);

/** Flink's result for each window, at the window's last millisecond (its `HOP_ROWTIME`). */
export const flinkHop = inOrder(
  output.map(({ user_id, window_time_ms, clicks_last_minute }) => ({
    id: user_id,
    at: window_time_ms,
    clicks: clicks_last_minute,
  })),
);

/** Flink's result at each click: a window of 60,000 milliseconds, of which the last one is the click's. */
export const flinkOver = inOrder(
  over.map(({ user_id, event_time_ms, clicks_last_minute }) => ({
    id: user_id,
    at: event_time_ms,
    clicks: clicks_last_minute,
  })),
);
