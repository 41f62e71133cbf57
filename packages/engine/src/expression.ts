import type { Arithmetic, Comparison, Expression, FeatureValue } from "@tidemark/schema";

type Scalar = number | string | boolean | null;

/** Evaluates an expression over feature values. An undefined result is `null`: see {@link Expression}. */
export const evaluate = (expression: Expression, read: (feature: string) => FeatureValue): Scalar => {
  if (typeof expression === "number") return expression;
  if ("feature" in expression) return scalar(read(expression.feature));
  if ("if" in expression) {
    const condition = evaluate(expression.if, read);
    return typeof condition === "boolean" ? evaluate(condition ? expression.then : expression.else, read) : null;
  }
  if (expression.op === "not") {
    const value = evaluate(expression.of, read);
    return typeof value === "boolean" ? !value : null;
  }
  const left = evaluate(expression.left, read);
  const right = evaluate(expression.right, read);
  if (left === null || right === null) return null;
  const { op } = expression;
  if (op === "eq") return left === right;
  if (op === "ne") return left !== right;
  if (op === "and" || op === "or") {
    if (typeof left !== "boolean" || typeof right !== "boolean") return null;
    return op === "and" ? left && right : left || right;
  }
  return typeof left === "number" && typeof right === "number" ? ofNumbers(op, left, right) : null;
};

const scalar = (value: FeatureValue): Scalar => (typeof value === "object" ? null : value);

/** Calculates with two numbers. */
export const ofNumbers = (
  op: Arithmetic | Exclude<Comparison, "eq" | "ne">,
  left: number,
  right: number,
): number | boolean | null => {
  switch (op) {
    case "add":
      return left + right;
    case "subtract":
      return left - right;
    case "multiply":
      return left * right;
    case "divide":
      return right === 0 ? null : left / right;
    case "min":
      return Math.min(left, right);
    case "max":
      return Math.max(left, right);
    case "lt":
      return left < right;
    case "lte":
      return left <= right;
    case "gt":
      return left > right;
    case "gte":
      return left >= right;
  }
};
