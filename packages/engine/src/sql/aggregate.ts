import type { AggregateFeature } from "@tidemark/schema";
import type { FieldKind } from "@tidemark/schema/event-fields";
import { MAX_DEVIANT, MAX_SUMMAND, MAX_TEXT_CHARACTERS } from "../limits.ts";
import { paneLayoutOf } from "../pane-layout.ts";
import { shareSql } from "./credit.ts";
import type { AggregateCall, Dialect, Kind } from "./dialect.ts";
import type { FieldColumns } from "./field-columns.ts";
import { double } from "./literal.ts";

/** The calls of SQL aggregate functions that compute a feature, over its events or over groups of them. */
export interface Plan {
  /** Kind of the feature's value. */
  kind: Kind;
  calls: string[];
  /** Returns the feature's value, given the columns that hold the results of the calls. */
  result: (...columns: string[]) => string;
  /** The value of no events; absent when it is NULL. */
  empty?: string;
  /** Condition that an event must satisfy to be aggregated. */
  needs?: string;
  /**
   * Groups of events that the calls aggregate. `by` has the expressions that identify a group, the first of which is
   * {@link GROUP_KEY}, and `call` is the aggregate of {@link GROUP_VALUE}.
   */
  groups?: { by: string[]; call: AggregateCall };
  /** Whether the calls need a subquery of their own. */
  standalone?: boolean;
}

/** Columns of a group. */
export const GROUP_KEY = "group_key";
export const GROUP_VALUE = "group_value";

interface Context {
  /** Kind of the aggregate's field; unused when the aggregate has no field. */
  kind: FieldKind;
  dialect: Dialect;
  columns: FieldColumns;
  /** Read time in UTC milliseconds; `undefined` when the query has none. */
  at: string | undefined;
  /** Whether the rows of the query have the events that sessions credit to pages. */
  hasCredits: boolean;
}

/**
 * Plans how SQL computes a feature's aggregate.
 *
 * @throws Error with the reason when the dialect cannot compute it.
 */
export const planOf = ({ aggregate, window }: AggregateFeature, context: Context): Plan => {
  const { kind, dialect, columns, at, hasCredits } = context;
  const column = (kind: FieldKind): string =>
    "field" in aggregate && aggregate.field !== undefined ? columns.columnOf(aggregate.field, kind) : "";
  const time = dialect.quote("time");

  const number = (call: string, result = (value: string) => value): Plan => ({ kind: "number", calls: [call], result });
  const numberOrZero = (call: string, result: (value: string) => string): Plan => ({
    ...number(call, result),
    empty: "0e0",
  });
  const ofValues = ({ call, result, standalone }: AggregateCall, value: string, resultKind: Kind): Plan => ({
    kind: resultKind,
    calls: [call],
    result: result ?? ((column) => column),
    needs: `${value} IS NOT NULL`,
    ...(standalone && { standalone }),
  });
  /** The value in millionths; NULL beyond the bound, so that nothing overflows. */
  const units = (most: number, value = column("number"), bounded = value): string =>
    `CASE WHEN ABS(${bounded}) <= ${double(most)} THEN ${dialect.millionths(value)} END`;
  const fromMillionths = (units: string): string =>
    `CASE WHEN ABS(${units}) <= ${Number.MAX_SAFE_INTEGER} THEN CAST(${units} AS DOUBLE) / 1e6 ELSE ${dialect.nearest(dialect.wholePart(units))} + CAST(${dialect.remainder(units)} AS DOUBLE) / 1e6 END`;
  /** A value of the field as a state stores it, with texts truncated. */
  const truncated = (value: string): string => {
    if (kind === "free") return dialect.truncated(value);
    return kind === "string" ? `LEFT(${value}, ${MAX_TEXT_CHARACTERS})` : value;
  };
  const stored = (): string => truncated(column(kind));
  const viewIdentity = (): string =>
    ["session_id", "tab_id", "view_id"].map((field) => columns.columnOf(field, "string")).join(" || ' ' || ");

  switch (aggregate.type) {
    case "count":
      return numberOrZero("COUNT(*)", (n) => `CAST(${n} AS DOUBLE)`);
    case "rate": {
      const { pane_ms, pane_count: panes } = paneLayoutOf(window) ?? { pane_ms: 1, pane_count: 1 };
      return numberOrZero(
        "COUNT(*)",
        (n) => `CAST(${n} AS DOUBLE) * ${double(aggregate.per_ms)} / ${double(pane_ms * panes)}`,
      );
    }
    case "min":
    case "max":
      return number(`${aggregate.type.toUpperCase()}(${column("number")})`);
    case "span": {
      const value = column("number");
      return {
        kind: "number",
        calls: [`MAX(${value})`, `MIN(${value})`],
        result: (largest, smallest) => `${largest} - ${smallest}`,
      };
    }
    case "sum":
      return numberOrZero(`SUM(${units(MAX_SUMMAND)})`, (sum) => `COALESCE(${fromMillionths(sum)}, 0e0)`);
    case "mean":
      return {
        kind: "number",
        calls: [`SUM(${units(MAX_SUMMAND)})`, `COUNT(${units(MAX_SUMMAND)})`],
        result: (sum, n) => `(${fromMillionths(sum)}) / NULLIF(CAST(${n} AS DOUBLE), 0e0)`,
      };
    case "stddev": {
      const each = units(MAX_DEVIANT);
      return {
        kind: "number",
        calls: [`SUM(${each})`, `SUM(${each} * ${each})`, `COUNT(${each})`],
        result: (sum, squares, n) =>
          `CASE WHEN ${n} > 1 THEN SQRT(${dialect.nearest(`${n} * ${squares} - ${sum} * ${sum}`)} / CAST(${n} * (${n} - 1) AS DOUBLE)) / 1e6 END`,
      };
    }
    case "first":
    case "last": {
      const countsAbsent = aggregate.absent === "null";
      const { needs, ...plan } = ofValues(dialect[aggregate.type](stored(), kind, countsAbsent), stored(), kind);
      return countsAbsent || needs === undefined ? plan : { ...plan, needs };
    }
    case "last_n":
      return { ...ofValues(dialect.lastN(stored(), aggregate.n), stored(), "list"), empty: dialect.emptyList };
    case "quantile":
      return ofValues(dialect.quantile(column("number"), double(aggregate.q)), column("number"), "number");
    case "distinct":
      return numberOrZero(
        `COUNT(DISTINCT ${aggregate.field === "view_id" ? viewIdentity() : column(kind)})`,
        (n) => `CAST(${n} AS DOUBLE)`,
      );
    case "top_k":
      return {
        ...ofValues(
          dialect.topK(GROUP_KEY, truncated(GROUP_KEY), GROUP_VALUE, aggregate.k, kind),
          column(kind),
          "list",
        ),
        empty: dialect.emptyList,
        groups: { by: [column(kind)], call: { call: "COUNT(*)" } },
      };
    case "latest_per_view": {
      const combine = aggregate.combine.toUpperCase();
      const view = dialect.quote("view_id");
      return {
        kind: "number",
        calls: [`${combine}(${GROUP_VALUE})`],
        result: aggregate.combine === "sum" ? (sum) => `COALESCE(${sum}, 0e0)` : (value) => value,
        ...(aggregate.combine === "sum" && { empty: "0e0" }),
        needs: `${view} IS NOT NULL AND ${column("number")} IS NOT NULL`,
        groups: { by: [view, dialect.quote("tab_id")], call: dialect.latest(column("number"), dialect.quote("seq")) },
      };
    }
    case "credit": {
      if (!hasCredits) throw new Error("a query over windows lacks the pages that the session viewed before an event");
      const share = shareSql(aggregate, dialect);
      const amount = aggregate.field === undefined ? undefined : column("number");
      const credited = units(MAX_SUMMAND, amount ? `(${amount} * ${share})` : `(${share})`, amount ?? "1e0");
      return numberOrZero(`SUM(${credited})`, (sum) => `COALESCE(${fromMillionths(sum)}, 0e0)`);
    }
    case "decayed_count": {
      const age = `CAST(${requiredReadTime(at)} - ${time} AS DOUBLE)`;
      return numberOrZero(
        `SUM(POWER(0.5e0, ${age} / ${double(aggregate.half_life_ms)}))`,
        (sum) => `COALESCE(${sum}, 0e0)`,
      );
    }
    case "time_since_last": {
      const readTime = requiredReadTime(at);
      return number(`MAX(${time})`, (latest) => `CAST(${readTime} - ${latest} AS DOUBLE)`);
    }
  }
};

const requiredReadTime = (at: string | undefined): string => {
  if (at !== undefined) return at;
  throw new Error(
    "its value depends on the read time, which a query over a session or a lifetime lacks; use a window of fixed size, or leave the feature out",
  );
};
