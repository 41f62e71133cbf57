import type { AggregateFeature, DerivedFeature, Entity, Feature, FixedWindow, Window } from "@tidemark/schema";
import { derivationOrder, featuresIn, isDerived } from "@tidemark/schema/derivation-order";
import { entityNameOf } from "@tidemark/schema/entities";
import type { Dialect } from "./dialect.ts";
import { entityIdSql } from "./entity.ts";
import type { FieldColumns } from "./field-columns.ts";
import type { RowSet } from "./row-set.ts";

/**
 * The row sets of an entity's features, one for each kind of window, by Flink's window functions. A row is a window
 * with events, and has the engine's vector in the window's last millisecond. Features of sessions and lifetimes share
 * one row set, with the vector of each entity after its latest event: every event updates its row.
 *
 * @throws Error when a derived feature reads features of different windows.
 */
export const windowed = (entity: Entity, features: readonly Feature[], dialect: Dialect): RowSet[] => {
  const nameOf = (window: Window): string => {
    const name = `${entityNameOf({ entity })}_features`;
    return isFixed(window) ? [name, window.type, ...sizesOf(window)].join("_") : name;
  };
  const rowSetNames = new Map<string, string>();
  const windows = new Map<string, Window>();
  for (const feature of features) {
    if (isDerived(feature)) continue;
    const { name, window } = feature as AggregateFeature;
    rowSetNames.set(name, nameOf(window));
    windows.set(nameOf(window), window);
  }
  for (const feature of derivationOrder(features))
    rowSetNames.set(feature.name, rowSetOfDerived(feature, rowSetNames, windows));
  return [...windows].map(([name, window]) => {
    const own = features.filter((feature) => rowSetNames.get(feature.name) === name);
    return rowSetOf(name, window, entity, own, dialect);
  });
};

const isFixed = (window: Window): window is FixedWindow => window.type !== "session" && window.type !== "lifetime";

const sizesOf = (window: FixedWindow): number[] =>
  window.type === "tumbling" ? [window.size_ms] : [window.every_ms, window.every_ms * window.panes];

const rowSetOfDerived = (
  { name, derive }: DerivedFeature,
  rowSetNames: Map<string, string>,
  windows: Map<string, Window>,
): string => {
  const [only = [...windows.keys()][0], ...others] = new Set(featuresIn(derive).map((read) => rowSetNames.get(read)));
  if (only === undefined)
    throw new Error(`feature ${name} cannot be compiled to Flink SQL: it reads no feature that has a window`);
  if (others.length === 0) return only;
  throw new Error(
    `feature ${name} cannot be compiled to Flink SQL: it reads features of different windows, which have no rows in common`,
  );
};

/** Flink's window functions. */
const WINDOW_FUNCTIONS = { tumbling: "TUMBLE", hopping: "HOP", cumulative: "CUMULATE" } as const;

const interval = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  return `INTERVAL '${seconds}.${String(ms % 1000).padStart(3, "0")}' SECOND(${String(seconds).length}, 3)`;
};

/** Converts a TIMESTAMP to UTC milliseconds. */
const milliseconds = (timestamp: string): string =>
  `(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', ${timestamp}) * CAST(1000 AS BIGINT) + EXTRACT(MILLISECOND FROM ${timestamp}))`;

const rowSetOf = (name: string, window: Window, entity: Entity, features: Feature[], dialect: Dialect): RowSet => {
  const columns = ["`type`", "`time`", "tab_id", "seq", "view_id", "rowtime"];
  const eventsWithId = (fields: FieldColumns): string =>
    `SELECT ${[`${entityIdSql(entity, dialect)} AS id`, ...columns, ...fields.selectItems()].join(",\n  ")}\nFROM ${fields.events()}`;
  const windowFilter = () => undefined;
  if (!isFixed(window)) {
    return {
      name,
      features,
      hasCredits: false,
      keys: ["id"],
      at: undefined,
      windowFilter,
      subqueries: (fields) => [
        ["events_with_id", eventsWithId(fields)],
        ["row_events", "SELECT * FROM events_with_id WHERE id IS NOT NULL"],
      ],
    };
  }
  const sizes = sizesOf(window).map(interval).join(", ");
  return {
    name,
    features,
    hasCredits: false,
    keys: ["id", "window_start", "window_end"],
    at: `(${milliseconds("window_end")} - 1)`,
    windowFilter,
    subqueries: (fields) => [
      ["events_with_id", eventsWithId(fields)],
      [
        "row_events",
        `SELECT * FROM TABLE(${WINDOW_FUNCTIONS[window.type]}(TABLE events_with_id, DESCRIPTOR(rowtime), ${sizes})) WHERE id IS NOT NULL`,
      ],
    ],
  };
};
