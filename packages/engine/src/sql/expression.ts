import type { Expression } from "@tidemark/schema";
import type { Dialect, Kind } from "./dialect.ts";
import { double } from "./literal.ts";

/** A SQL expression and the kind of its value. */
export interface TypedSql {
  sql: string;
  kind: Kind;
}

const NULL_SQL: TypedSql = { sql: "NULL", kind: "null" };

const ARITHMETIC = { add: "+", subtract: "-", multiply: "*" } as const;
const ORDER = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;
const SCALARS = ["number", "string", "boolean"] as const;

/**
 * Compiles an expression over feature values to SQL. The kinds of operands are known at compile time, so that an
 * operand of the wrong kind compiles to NULL. Where SQL's treatment of NULL gives the engine's result, each operand
 * appears once only.
 */
export const expressionSql = (
  expression: Expression,
  read: (feature: string) => TypedSql,
  dialect: Dialect,
): TypedSql => {
  const compile = (inner: Expression): TypedSql => expressionSql(inner, read, dialect);
  const as = (wanted: (typeof SCALARS)[number], { sql, kind }: TypedSql): string | undefined =>
    kind === wanted ? sql : kind === "free" ? dialect.fromFree(sql, wanted) : undefined;

  if (typeof expression === "number") return { sql: double(expression), kind: "number" };
  if ("feature" in expression) {
    const value = read(expression.feature);
    // A column that is always NULL still has a type, which may differ from the type of the other operand.
    return value.kind === "list" || value.kind === "null" ? NULL_SQL : value;
  }

  if ("if" in expression) {
    const condition = as("boolean", compile(expression.if));
    const branches = [compile(expression.then), compile(expression.else)] as const;
    const kinds = new Set(branches.map(({ kind }) => kind).filter((kind) => kind !== "null"));
    const [kind = "null", ...others] = kinds;
    if (condition === undefined || kind === "null") return NULL_SQL;
    const [then, otherwise] =
      others.length === 0 ? branches.map(({ sql }) => sql) : branches.map((each) => free(each, dialect));
    return {
      sql: `CASE ${condition} WHEN TRUE THEN ${then} WHEN FALSE THEN ${otherwise} END`,
      kind: others.length === 0 ? kind : "free",
    };
  }

  if (expression.op === "not") {
    const value = as("boolean", compile(expression.of));
    return value === undefined ? NULL_SQL : { sql: `(NOT ${value})`, kind: "boolean" };
  }

  const left = compile(expression.left);
  const right = compile(expression.right);
  const { op } = expression;
  if (op === "eq" || op === "ne") {
    if (left.kind === "null" || right.kind === "null") return NULL_SQL;
    return { sql: equality(op, left, right, as), kind: "boolean" };
  }
  if (op === "and" || op === "or") {
    const [a, b] = [as("boolean", left), as("boolean", right)];
    if (a === undefined || b === undefined) return NULL_SQL;
    return { sql: `(CAST(${a} AS INT) + CAST(${b} AS INT) >= ${op === "and" ? 2 : 1})`, kind: "boolean" };
  }
  const [a, b] = [as("number", left), as("number", right)];
  if (a === undefined || b === undefined) return NULL_SQL;
  switch (op) {
    case "divide":
      return { sql: `(${a} / NULLIF(${b}, 0e0))`, kind: "number" };
    case "min":
      return { sql: `CASE WHEN ${a} <= ${b} THEN ${a} WHEN ${a} > ${b} THEN ${b} END`, kind: "number" };
    case "max":
      return { sql: `CASE WHEN ${a} >= ${b} THEN ${a} WHEN ${a} < ${b} THEN ${b} END`, kind: "number" };
    case "add":
    case "subtract":
    case "multiply":
      return { sql: `(${a} ${ARITHMETIC[op]} ${b})`, kind: "number" };
    default:
      return { sql: `(${a} ${ORDER[op]} ${b})`, kind: "boolean" };
  }
};

const free = ({ sql, kind }: TypedSql, dialect: Dialect): string =>
  kind === "free" || kind === "null" ? sql : dialect.toFree(sql, kind);

/** Whether two values have the same kind and are equal; NULL when one of them is NULL. */
const equality = (
  op: "eq" | "ne",
  left: TypedSql,
  right: TypedSql,
  as: (kind: (typeof SCALARS)[number], value: TypedSql) => string | undefined,
): string => {
  if (left.kind === right.kind && left.kind !== "free") return `(${left.sql} ${op === "eq" ? "=" : "<>"} ${right.sql})`;
  const same = SCALARS.flatMap((kind) => {
    const [a, b] = [as(kind, left), as(kind, right)];
    return a === undefined || b === undefined ? [] : [`COALESCE(${a} = ${b}, FALSE)`];
  });
  const equal = same.length === 0 ? "FALSE" : same.join(" OR ");
  return `CASE WHEN ${left.sql} IS NOT NULL AND ${right.sql} IS NOT NULL THEN ${op === "eq" ? equal : `NOT (${equal})`} END`;
};
