import type { AggregateFeature, Condition } from "@tidemark/schema";
import { derivationOrder, isDerived } from "@tidemark/schema/derivation-order";
import { type FieldKind, fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import { type SignalName, signalsOf } from "@tidemark/schema/signals";
import { GROUP_KEY, GROUP_VALUE, type Plan, planOf } from "./aggregate.ts";
import { conditionSql } from "./condition.ts";
import { CREDIT_TYPE } from "./credit.ts";
import type { Dialect } from "./dialect.ts";
import { expressionSql, type TypedSql } from "./expression.ts";
import { type FieldColumns, fieldColumns } from "./field-columns.ts";
import type { RowSet } from "./row-set.ts";
import { ifMeasured, signalCall, signalColumn } from "./signals.ts";

/** A feature's plan, with its calls and the subquery that computes them. */
interface CompiledFeature {
  name: string;
  plan: Plan;
  /** The calls, each with the name of the column that holds its result. */
  calls: { column: string; sql: string }[];
  /** The condition that an event must satisfy to be aggregated. */
  filter: string;
  /** The signals without which the value of no events means nothing. */
  signals: readonly SignalName[];
  /** Name of the feature's own subquery; `undefined` when its calls share one with other features. */
  subquery: string | undefined;
}

/**
 * Compiles a row set to one SELECT statement in four steps: the events of each row, the aggregates of each feature, the
 * features, and each derived feature.
 *
 * @throws Error that names the feature and the reason when the dialect cannot compute it.
 */
export const select = (rowSet: RowSet, dialect: Dialect): string => {
  const { quote } = dialect;
  const keys = rowSet.keys.map(quote);
  const fields = fieldColumns(dialect);
  const derived = derivationOrder(rowSet.features);
  const aggregates = rowSet.features.filter((feature) => !isDerived(feature)) as unknown as AggregateFeature[];
  const compiled = aggregates.map((feature) => compile(feature, rowSet, dialect, fields));
  const signalCalls = [...new Set(compiled.flatMap(({ signals }) => signals))].map(
    (signal) => `${signalCall(signal, dialect, fields)} AS ${quote(signalColumn(signal))}`,
  );
  const subqueries = rowSet.subqueries(fields);

  const [shared, standalone] = [compiled.filter((each) => !each.subquery), compiled.filter((each) => each.subquery)];
  const sharedCalls = shared.flatMap(({ calls, filter }) =>
    calls.map(({ column, sql }) => `${sql} FILTER (WHERE ${filter}) AS ${quote(column)}`),
  );
  subqueries.push([
    "aggregates",
    `SELECT ${lines([...keys, ...signalCalls, ...sharedCalls])} FROM row_events GROUP BY ${keys.join(", ")}`,
  ]);
  for (const { subquery, plan, calls, filter } of standalone) {
    const ownCalls = calls.map(({ column, sql }) => `${sql} AS ${quote(column)}`);
    const source = plan.groups
      ? `(${groupsSql(plan.groups, keys, filter)}) event_groups`
      : `row_events WHERE ${filter}`;
    subqueries.push([
      quote(subquery as string),
      `SELECT ${lines([...keys, ...ownCalls])} FROM ${source} GROUP BY ${keys.join(", ")}`,
    ]);
  }

  const values = compiled.map(({ name, plan, calls, signals }) => {
    const value = plan.result(...calls.map(({ column }) => quote(column)));
    return `${ifMeasured(value, plan.empty, signals, dialect)} AS ${quote(name)}`;
  });
  if (standalone.length > 0) {
    const columns = standalone.flatMap(({ calls }) => calls.map(({ column }) => quote(column)));
    const joins = standalone.map(({ subquery }) => {
      const name = quote(subquery as string);
      return `LEFT JOIN ${name} ON ${keys.map((key) => `${name}.${key} = aggregates.${key}`).join(" AND ")}`;
    });
    subqueries.push([
      "all_aggregates",
      `SELECT ${lines(["aggregates.*", ...columns])} FROM aggregates\n${joins.join("\n")}`,
    ]);
  }
  const source = standalone.length > 0 ? "all_aggregates" : "aggregates";
  subqueries.push(["features", `SELECT ${lines([...keys, ...values])} FROM ${source}`]);

  const typed = new Map<string, TypedSql>(
    compiled.map(({ name, plan }) => [name, { sql: quote(name), kind: plan.kind }]),
  );
  let latest = "features";
  for (const { name, derive } of derived) {
    const { sql, kind } = expressionSql(derive, (read) => typed.get(read) as TypedSql, dialect);
    const value = kind === "null" ? "CAST(NULL AS DOUBLE)" : sql;
    const next = quote(`features with ${name}`);
    subqueries.push([next, `SELECT ${latest}.*, ${value} AS ${quote(name)} FROM ${latest}`]);
    typed.set(name, { sql: quote(name), kind });
    latest = next;
  }

  const all = rowSet.features.map(({ name }) => quote(name));
  const named = subqueries.map(([name, sql]) => `${name} AS (${sql})`);
  return `WITH\n${named.join(",\n")}\nSELECT ${lines([...keys, ...all])} FROM ${latest}`;
};

const lines = (items: readonly string[]): string => items.join(",\n  ");

const groupsSql = ({ by, call }: NonNullable<Plan["groups"]>, keys: readonly string[], filter: string): string => {
  const value = call.result ? call.result(call.call) : call.call;
  return `SELECT ${keys.join(", ")}, ${by[0]} AS ${GROUP_KEY}, ${value} AS ${GROUP_VALUE} FROM row_events WHERE ${filter} GROUP BY ${[...keys, ...by].join(", ")}`;
};

const compile = (
  feature: AggregateFeature,
  rowSet: RowSet,
  dialect: Dialect,
  columns: FieldColumns,
): CompiledFeature => {
  const { name, source, where = [], aggregate, window } = feature;
  const fields = fieldsOf(source);
  const kindOf = (path: string): FieldKind => {
    const kind = kindAt(fields, path);
    if (kind === undefined) throw new Error(`source ${source} has no field ${path}`);
    return kind;
  };
  try {
    if (rowSet.keys.includes(name)) throw new Error(`the query has a key column ${name}; rename the feature`);
    const kind = "field" in aggregate && aggregate.field !== undefined ? kindOf(aggregate.field) : "free";
    const { at, hasCredits } = rowSet;
    const plan = planOf(feature, { kind, dialect, columns, at, hasCredits });
    const type = aggregate.type === "credit" ? CREDIT_TYPE : dialect.quote("type");
    const filter = [
      source === "any" ? `${type} IS NOT NULL` : `${type} = ${dialect.text(source)}`,
      ...where.map((each: Condition) => conditionSql(each, kindOf(each.field), dialect, columns)),
      rowSet.windowFilter(window),
      plan.needs,
    ].filter((each) => each !== undefined);
    return {
      name,
      plan,
      calls: plan.calls.map((sql, index) => ({ column: `${name} aggregate ${index + 1}`, sql })),
      filter: filter.join(" AND "),
      signals: plan.empty === undefined ? [] : signalsOf(feature),
      subquery: plan.groups || plan.standalone ? `aggregate of ${name}` : undefined,
    };
  } catch (error) {
    throw new Error(`feature ${name} cannot be compiled to ${dialect.title}: ${(error as Error).message}`);
  }
};
