import type { Expression } from "@tidemark/schema";
import type { Dialect, Kind } from "./dialect.ts";
import { double } from "./literal.ts";

/** An expression in SQL, with what it yields. */
export interface TypedSql {
  sql: string;
  kind: Kind;
}

const NULL_SQL: TypedSql = { sql: "NULL", kind: "null" };

const ARITHMETIC = { add: "+", subtract: "-", multiply: "*" } as const;
const ORDER = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;
const SCALARS = ["number", "string", "boolean"] as const;

/**
 * An expression over feature values in SQL. Kinds are known beforehand, so that an operand of the wrong one is NULL; no operand
 * is written twice where SQL's own NULL does what is meant.
 */
export const expressionSql = (
  expression: Expression,
  read: (feature: string) => TypedSql,
  dialect: Dialect,
): TypedSql => {
  const compile = (inner: Expression): TypedSql => expressionSql(inner, read, dialect);
  const as = (kind: (typeof SCALARS)[number], { sql, kind: held }: TypedSql): string | undefined =>
    held === kind ? sql : held === "free" ? dialect.fromFree(sql, kind) : undefined;

  if (typeof expression === "number") return { sql: double(expression), kind: "number" };
  if ("feature" in expression) {
    const value = read(expression.feature);
    // A column that is always NULL has a type all the same, which may not be that of what it stands beside.
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

/** Whether two values are the same, of one kind and equal; NULL when one is. */
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
