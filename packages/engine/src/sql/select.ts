import type { AggregateFeature, Condition } from "@tidemark/schema";
import { derivationOrder, isDerived } from "@tidemark/schema/derivation-order";
import { type FieldKind, fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import { GROUP_KEY, GROUP_VALUE, type Plan, planOf } from "./aggregate.ts";
import { conditionSql } from "./condition.ts";
import type { Dialect } from "./dialect.ts";
import { expressionSql, type TypedSql } from "./expression.ts";
import { type FieldColumns, fieldColumns } from "./field-columns.ts";
import type { RowSet } from "./row-set.ts";

/** A feature's plan, the calls by the names of the columns that hold them, and the subquery they are in. */
interface CompiledFeature {
  name: string;
  plan: Plan;
  calls: { column: string; sql: string }[];
  filter: string;
  /** Name of a subquery of its own, for calls that are over groups or cannot stand beside others. */
  apart: string | undefined;
}

/**
 * A frame as one SELECT in four steps: the events that are seen, what each feature's aggregate makes of them, the values, and
 * the derived features one after the other.
 *
 * @throws Error that names the feature and the reason when it cannot be said in the dialect.
 */
export const select = (frame: RowSet, dialect: Dialect): string => {
  const { quote } = dialect;
  const keys = frame.keys.map(quote);
  const reads = fieldColumns(dialect);
  const derived = derivationOrder(frame.features);
  const aggregates = frame.features.filter((feature) => !isDerived(feature)) as unknown as AggregateFeature[];
  const compiled = aggregates.map((feature) => compile(feature, frame, dialect, reads));
  const subqueries = frame.subqueries(reads.selectItems());

  const [together, apart] = [compiled.filter((each) => !each.apart), compiled.filter((each) => each.apart)];
  const folded = together.flatMap(({ calls, filter }) =>
    calls.map(({ column, sql }) => `${sql} FILTER (WHERE ${filter}) AS ${quote(column)}`),
  );
  subqueries.push(["folded", `SELECT ${lines([...keys, ...folded])} FROM seen GROUP BY ${keys.join(", ")}`]);
  for (const { apart: name, plan, calls, filter } of apart) {
    const named = calls.map(({ column, sql }) => `${sql} AS ${quote(column)}`);
    const over = plan.groups ? `(${grouped(plan.groups, keys, filter)}) grouped` : `seen WHERE ${filter}`;
    subqueries.push([
      quote(name as string),
      `SELECT ${lines([...keys, ...named])} FROM ${over} GROUP BY ${keys.join(", ")}`,
    ]);
  }

  const values = compiled.map(({ name, plan, calls }) => {
    return `${plan.result(...calls.map(({ column }) => quote(column)))} AS ${quote(name)}`;
  });
  if (apart.length > 0) {
    const columns = apart.flatMap(({ calls }) => calls.map(({ column }) => quote(column)));
    const joins = apart.map(({ apart: name }) => {
      const same = keys.map((key) => `${quote(name as string)}.${key} = folded.${key}`);
      return `LEFT JOIN ${quote(name as string)} ON ${same.join(" AND ")}`;
    });
    subqueries.push(["joined", `SELECT ${lines(["folded.*", ...columns])} FROM folded\n${joins.join("\n")}`]);
  }
  subqueries.push(["told", `SELECT ${lines([...keys, ...values])} FROM ${apart.length > 0 ? "joined" : "folded"}`]);

  const typed = new Map<string, TypedSql>(
    compiled.map(({ name, plan }) => [name, { sql: quote(name), kind: plan.kind }]),
  );
  let latest = "told";
  for (const { name, derive } of derived) {
    const { sql, kind } = expressionSql(derive, (read) => typed.get(read) as TypedSql, dialect);
    const value = kind === "null" ? "CAST(NULL AS DOUBLE)" : sql;
    const next = quote(`with ${name}`);
    subqueries.push([next, `SELECT ${latest}.*, ${value} AS ${quote(name)} FROM ${latest}`]);
    typed.set(name, { sql: quote(name), kind });
    latest = next;
  }

  const all = frame.features.map(({ name }) => quote(name));
  const named = subqueries.map(([name, sql]) => `${name} AS (${sql})`);
  return `WITH\n${named.join(",\n")}\nSELECT ${lines([...keys, ...all])} FROM ${latest}`;
};

const lines = (items: readonly string[]): string => items.join(",\n  ");

const grouped = ({ by, part }: NonNullable<Plan["groups"]>, keys: readonly string[], filter: string): string => {
  const amount = part.result ? part.result(part.call) : part.call;
  return `SELECT ${keys.join(", ")}, ${by} AS ${GROUP_KEY}, ${amount} AS ${GROUP_VALUE} FROM seen WHERE ${filter} GROUP BY ${keys.join(", ")}, ${by}`;
};

const compile = (feature: AggregateFeature, frame: RowSet, dialect: Dialect, reads: FieldColumns): CompiledFeature => {
  const { name, source, where = [], aggregate, window } = feature;
  const fields = fieldsOf(source);
  const kindOf = (path: string): FieldKind => {
    const kind = kindAt(fields, path);
    if (kind === undefined) throw new Error(`${source} has no field ${path}`);
    return kind;
  };
  try {
    if (frame.keys.includes(name)) throw new Error(`the query has a column ${name} of its own; give it another name`);
    const kind = "field" in aggregate ? kindOf(aggregate.field) : "free";
    const plan = planOf(feature, { kind, dialect, readings: reads, at: frame.at });
    const type = dialect.quote("type");
    const filter = [
      source === "any" ? `${type} IS NOT NULL` : `${type} = ${dialect.text(source)}`,
      ...where.map((each: Condition) => conditionSql(each, kindOf(each.field), dialect, reads)),
      frame.covers(window),
      plan.needs,
    ].filter((each) => each !== undefined);
    return {
      name,
      plan,
      calls: plan.calls.map((sql, index) => ({ column: `${name} ${index + 1}`, sql })),
      filter: filter.join(" AND "),
      apart: plan.groups || plan.standalone ? `only ${name}` : undefined,
    };
  } catch (error) {
    throw new Error(`feature ${name} cannot be told in ${dialect.name}: ${(error as Error).message}`);
  }
};
