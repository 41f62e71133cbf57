import type { Expression, FeatureValue } from "@tidemark/schema";

/** The value of a derived feature; `null` where an operand is no number or a divisor is zero. */
export const evaluate = (expression: Expression, read: (feature: string) => FeatureValue): number | null => {
  if (typeof expression === "number") return expression;
  if ("feature" in expression) {
    const value = read(expression.feature);
    return typeof value === "number" ? value : null;
  }
  const left = evaluate(expression.left, read);
  const right = evaluate(expression.right, read);
  if (left === null || right === null) return null;
  switch (expression.op) {
    case "add":
      return left + right;
    case "subtract":
      return left - right;
    case "multiply":
      return left * right;
    case "divide":
      return right === 0 ? null : left / right;
  }
};

/** Names of the features that an expression reads. */
export const featuresIn = (expression: Expression): string[] =>
  typeof expression === "number"
    ? []
    : "feature" in expression
      ? [expression.feature]
      : [...featuresIn(expression.left), ...featuresIn(expression.right)];
