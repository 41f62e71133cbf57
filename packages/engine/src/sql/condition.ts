import type { Condition } from "@tidemark/schema";
import type { FieldKind } from "@tidemark/schema/event-fields";
import type { Dialect } from "./dialect.ts";
import type { FieldColumns } from "./field-columns.ts";
import { double } from "./literal.ts";

type Primitive = string | number | boolean;

const OPERATORS = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** A condition on a field of the given kind as SQL. It is NULL or FALSE for an event that does not satisfy it. */
export const conditionSql = (
  condition: Condition,
  kind: FieldKind,
  dialect: Dialect,
  { columnOf }: FieldColumns,
): string => {
  const { field } = condition;
  const literal = (value: Primitive): string =>
    typeof value === "string"
      ? dialect.text(value)
      : typeof value === "number"
        ? double(value)
        : String(value).toUpperCase();
  const column = (value: Primitive): string | undefined => {
    const type = typeof value as "string" | "number" | "boolean";
    return kind === "free" || kind === type ? columnOf(field, type) : undefined;
  };
  const compare = (value: Primitive, operator: string): string => {
    const operand = column(value);
    return operand ? `${operand} ${operator} ${literal(value)}` : "FALSE";
  };

  if (condition.is === "in") {
    return `(${condition.values.map((value) => compare(value, "=")).join(" OR ")})`;
  }
  const { is, value } = condition;
  if (is !== "ne" || kind === typeof value) return compare(value, OPERATORS[is]);
  const kinds = kind === "free" ? (["string", "number", "boolean"] as const) : [kind];
  const isPresent = `(${kinds.map((each) => `${columnOf(field, each)} IS NOT NULL`).join(" OR ")})`;
  return kind === "free" ? `(${isPresent} AND COALESCE(${compare(value, "<>")}, TRUE))` : isPresent;
};
