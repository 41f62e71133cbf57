import type { SignalName } from "@tidemark/schema/signals";
import type { Dialect } from "./dialect.ts";
import type { FieldColumns } from "./field-columns.ts";

/** Name of the column of {@link signalCall}. */
export const signalColumn = (signal: SignalName): string => `signal ${signal}`;

/**
 * The call of an aggregate function that finds out whether a signal was on. It is 1 when the signal ran in the page view
 * of an event, and when a page view does not state its signals. It is 0 when the signal ran in none, and NULL when all
 * events are outside of any page view.
 */
export const signalCall = (signal: SignalName, { quote }: Dialect, { columnOf }: FieldColumns): string => {
  const stated = columnOf("view.signals", "string");
  const isOn = `${stated} IS NULL OR CONCAT(' ', ${stated}, ' ') LIKE '% ${signal} %'`;
  return `MAX(CASE WHEN ${quote("view_id")} IS NOT NULL THEN CASE WHEN ${isOn} THEN 1 ELSE 0 END END)`;
};

/** A value, or NULL instead of the value of no events when one of the signals was not on. */
export const ifMeasured = (
  value: string,
  empty: string | undefined,
  signals: readonly SignalName[],
  { quote }: Dialect,
): string => {
  if (empty === undefined || signals.length === 0) return value;
  const isOff = signals.map((signal) => `${quote(signalColumn(signal))} = 0`).join(" OR ");
  return `CASE WHEN ${isOff} THEN NULLIF(${value}, ${empty}) ELSE ${value} END`;
};
