import type { AggregateFeature } from "@tidemark/schema";
import type { FieldKind } from "@tidemark/schema/event-fields";
import { MAX_DEVIANT, MAX_SUMMAND, MAX_TEXT_CHARACTERS } from "../limits.ts";
import { paneLayoutOf } from "../pane-layout.ts";
import type { AggregateCall, Dialect, Kind } from "./dialect.ts";
import type { FieldColumns } from "./field-columns.ts";
import { double } from "./literal.ts";

/** How an aggregate is computed: calls over the events, or over groups of them, and what becomes of their results. */
export interface Plan {
  /** What it yields. */
  kind: Kind;
  calls: string[];
  result: (...calls: string[]) => string;
  /** An event without it is passed over. */
  needs?: string;
  /** When the calls are over groups: what makes one, and its number. The calls read them as {@link GROUP_KEY} and {@link GROUP_VALUE}. */
  groups?: { by: string; part: AggregateCall };
  /** Whether the calls cannot stand beside others. */
  standalone?: boolean;
}

/** Names of what groups yield. */
export const GROUP_KEY = "group_member";
export const GROUP_VALUE = "group_amount";

interface Context {
  /** What the aggregate's field holds; `free` when it has none. */
  kind: FieldKind;
  dialect: Dialect;
  readings: FieldColumns;
  /** The moment that is asked about, in UTC milliseconds; `undefined` where there is none. */
  at: string | undefined;
}

/**
 * How a feature's aggregate is computed.
 *
 * @throws Error that says why it cannot be.
 */
export const planOf = ({ aggregate, window }: AggregateFeature, context: Context): Plan => {
  const { kind, dialect, readings, at } = context;
  const column = (as: FieldKind): string => ("field" in aggregate ? readings.columnOf(aggregate.field, as) : "");
  const time = dialect.quote("time");

  const number = (call: string, result = (value: string) => value): Plan => ({ kind: "number", calls: [call], result });
  const listed = (part: AggregateCall, value: string, yields: Kind): Plan => ({
    kind: yields,
    calls: [part.call],
    result: part.result ?? ((call) => call),
    needs: `${value} IS NOT NULL`,
    ...(part.standalone && { standalone: true }),
  });
  /** The value in millionths; NULL beyond the bound, so that nothing overflows. */
  const units = (most: number): string =>
    `CASE WHEN ABS(${column("number")}) <= ${double(most)} THEN ${dialect.millionths(column("number"))} END`;
  const present = (as: FieldKind): string => `${column(as)} IS NOT NULL`;
  const fromMillionths = (units: string): string =>
    `CASE WHEN ABS(${units}) <= ${Number.MAX_SAFE_INTEGER} THEN CAST(${units} AS DOUBLE) / 1e6 ELSE ${dialect.nearest(dialect.wholePart(units))} + CAST(${dialect.remainder(units)} AS DOUBLE) / 1e6 END`;
  /** A value that is kept: texts cut as the engine cuts them. */
  const kept = (): string => (kind === "string" ? `LEFT(${column("string")}, ${MAX_TEXT_CHARACTERS})` : column(kind));

  switch (aggregate.type) {
    case "count":
      return number("COUNT(*)", (n) => `CAST(COALESCE(${n}, 0) AS DOUBLE)`);
    case "rate": {
      const { pane_ms, panes } = paneLayoutOf(window) ?? { pane_ms: 1, panes: 1 };
      return number(
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
      return number(`SUM(${units(MAX_SUMMAND)})`, (sum) => `COALESCE(${fromMillionths(sum)}, 0e0)`);
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
    case "last":
      return listed(dialect[aggregate.type](kept(), kind), kept(), kind);
    case "last_n":
      return listed(dialect.lastN(kept(), aggregate.n), kept(), "list");
    case "quantile":
      return listed(dialect.quantile(column("number"), double(aggregate.q)), column("number"), "number");
    case "distinct":
      return number(`COUNT(DISTINCT ${kept()})`, (n) => `CAST(${n} AS DOUBLE)`);
    case "top_k":
      return {
        ...listed(dialect.topK(GROUP_KEY, GROUP_VALUE, aggregate.k, kind), kept(), "list"),
        groups: { by: kept(), part: { call: "COUNT(*)" } },
      };
    case "latest_per_view": {
      const combine = aggregate.combine.toUpperCase();
      const view = dialect.quote("view_id");
      return {
        kind: "number",
        calls: [`${combine}(${GROUP_VALUE})`],
        result: aggregate.combine === "sum" ? (sum) => `COALESCE(${sum}, 0e0)` : (value) => value,
        needs: `${view} IS NOT NULL AND ${present("number")}`,
        groups: { by: view, part: dialect.latest(column("number"), dialect.quote("seq")) },
      };
    }
    case "decayed_count": {
      const age = `CAST(${moment(at)} - ${time} AS DOUBLE)`;
      return number(`SUM(POWER(0.5e0, ${age} / ${double(aggregate.half_life_ms)}))`, (sum) => `COALESCE(${sum}, 0e0)`);
    }
    case "time_since_last": {
      const now = moment(at);
      return number(`MAX(${time})`, (latest) => `CAST(${now} - ${latest} AS DOUBLE)`);
    }
  }
};

const moment = (at: string | undefined): string => {
  if (at === undefined) throw new Error("its value changes while nothing happens, and the query tells no moment");
  return at;
};
