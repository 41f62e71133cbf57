import { formatTable } from "../command-line/table.ts";
import type { DrillRow } from "./measure.ts";

/** A time with its allowed one, such as `3.2 of 30`. */
const timeText = (time: number | null, allowed: number): string =>
  `${time === null ? "never" : time.toFixed(1)} of ${Number(allowed.toFixed(1))}`;

/** The table of a drill for people. */
export const drillText = (rows: readonly DrillRow[]): string =>
  formatTable(
    ["fault", "alert", "metric, s", "firing, s", "clearing, s", ""],
    rows.map(({ fault, alert, metric_s, firing_s, clearing_s, allowed, isWithin }) => [
      ...[fault, alert, timeText(metric_s, allowed.metric_s), timeText(firing_s, allowed.firing_s)],
      ...[timeText(clearing_s, allowed.clearing_s), isWithin ? "ok" : "MISSED"],
    ]),
  );
