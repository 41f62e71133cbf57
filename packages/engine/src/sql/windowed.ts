import type { AggregateFeature, DerivedFeature, Entity, Feature, FixedWindow, Window } from "@tidemark/schema";
import { derivationOrder, featuresIn, isDerived } from "@tidemark/schema/derivation-order";
import { entityNameOf } from "@tidemark/schema/entities";
import type { Dialect } from "./dialect.ts";
import { entityIdSql } from "./entity.ts";
import type { RowSet } from "./row-set.ts";

/**
 * For each kind of window of an entity's features a query of its own, by Flink's window functions: a row for each window that has
 * events, which is the engine's vector in the window's last millisecond. Features of sessions and lifetimes are in one that
 * tells each entity's vector after its latest event, and is brought up to date by every one.
 *
 * @throws Error when a derived feature reads features of different windows.
 */
export const windowed = (entity: Entity, features: readonly Feature[], dialect: Dialect): RowSet[] => {
  const nameOf = (window: Window): string => {
    const name = `${entityNameOf({ entity })}_features`;
    return isFixed(window) ? [name, window.type, ...sizesOf(window)].join("_") : name;
  };
  const frameOf = new Map<string, string>();
  const windows = new Map<string, Window>();
  for (const feature of features) {
    if (isDerived(feature)) continue;
    const { name, window } = feature as AggregateFeature;
    frameOf.set(name, nameOf(window));
    windows.set(nameOf(window), window);
  }
  for (const feature of derivationOrder(features)) frameOf.set(feature.name, frameOfDerived(feature, frameOf, windows));
  return [...windows].map(([name, window]) => {
    const own = features.filter((feature) => frameOf.get(feature.name) === name);
    return rowSetOf(name, window, entity, own, dialect);
  });
};

const isFixed = (window: Window): window is FixedWindow => window.type !== "session" && window.type !== "lifetime";

const sizesOf = (window: FixedWindow): number[] =>
  window.type === "tumbling" ? [window.size_ms] : [window.every_ms, window.every_ms * window.panes];

const frameOfDerived = (
  { name, derive }: DerivedFeature,
  frameOf: Map<string, string>,
  windows: Map<string, Window>,
): string => {
  const [only = [...windows.keys()][0], ...others] = new Set(featuresIn(derive).map((read) => frameOf.get(read)));
  if (only === undefined) throw new Error(`feature ${name} cannot be told in flink: it reads no feature of any window`);
  if (others.length === 0) return only;
  throw new Error(
    `feature ${name} cannot be told in flink: it reads features of different windows, which have no rows in common`,
  );
};

/** Times by which Flink's windows are cut. */
const INTERVALS = { tumbling: "TUMBLE", hopping: "HOP", cumulative: "CUMULATE" } as const;

const interval = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  return `INTERVAL '${seconds}.${String(ms % 1000).padStart(3, "0")}' SECOND(${String(seconds).length}, 3)`;
};

/** A TIMESTAMP in UTC milliseconds. */
const milliseconds = (timestamp: string): string =>
  `(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', ${timestamp}) * CAST(1000 AS BIGINT) + EXTRACT(MILLISECOND FROM ${timestamp}))`;

const rowSetOf = (name: string, window: Window, entity: Entity, features: Feature[], dialect: Dialect): RowSet => {
  const own = ["`type`", "`time`", "tab_id", "seq", "view_id"];
  const read = (columns: readonly string[]): string =>
    `SELECT ${[`${entityIdSql(entity, dialect)} AS id`, ...own, "rowtime", ...columns].join(",\n  ")}\nFROM events`;
  const covers = () => undefined;
  if (!isFixed(window)) {
    return {
      name,
      features,
      keys: ["id"],
      at: undefined,
      covers,
      subqueries: (columns) => [
        ["counted", read(columns)],
        ["seen", "SELECT * FROM counted WHERE id IS NOT NULL"],
      ],
    };
  }
  const sizes = sizesOf(window).map(interval).join(", ");
  return {
    name,
    features,
    keys: ["id", "window_start", "window_end"],
    at: `(${milliseconds("window_end")} - 1)`,
    covers,
    subqueries: (columns) => [
      ["counted", read(columns)],
      [
        "seen",
        `SELECT * FROM TABLE(${INTERVALS[window.type]}(TABLE counted, DESCRIPTOR(rowtime), ${sizes})) WHERE id IS NOT NULL`,
      ],
    ],
  };
};
