import { MAX_GOAL_NAME } from "../limits.ts";
import { goalFeatures } from "./catalogue/goals.ts";
import type { Goal } from "./goal.ts";
import { parseFeatures } from "./parse.ts";

/**
 * Checks a goal and returns it unchanged. Compile errors: an unknown field or key, and a value that is no number.
 *
 *     const purchase = defineGoal({
 *       name: "purchase",
 *       source: "custom",
 *       where: [{ field: "name", is: "eq", value: "purchase" }],
 *       value: "properties.price",
 *     });
 *
 * @throws Error that names the goal, the field, the given value and the expected value.
 */
export const defineGoal = <const G extends Goal>(goal: G & NoOtherKeys<G>): G => {
  checkGoal(goal);
  return goal;
};

type NoOtherKeys<G> = { [K in Exclude<keyof G, keyof Goal>]: never };

const KEYS: Record<keyof Goal, true> = { name: true, source: true, where: true, value: true };

const NAME = /^[a-z][a-z0-9_]*$/;

/**
 * Checks a goal that TypeScript has not checked.
 *
 * @throws Error that names the goal, the field, the given value and the expected value.
 */
const checkGoal = (goal: Goal): void => {
  const { name, value } = goal;
  const expect = (condition: boolean, field: string, expected: string, given: unknown): void => {
    if (!condition) throw new Error(`goal ${name}: ${field}: expected ${expected}; given ${JSON.stringify(given)}`);
  };
  const isName = typeof name === "string" && NAME.test(name) && name.length <= MAX_GOAL_NAME;
  expect(isName, "name", `a name in snake_case of at most ${MAX_GOAL_NAME} characters`, name);
  const unknown = Object.keys(goal).find((key) => !Object.hasOwn(KEYS, key));
  expect(unknown === undefined, "unknown key", `one of ${Object.keys(KEYS).join(", ")}`, unknown);
  const isValue = value === undefined || typeof value === "string" || Number.isFinite(value);
  expect(isValue, "value", "a number or a field", value);
  try {
    parseFeatures(goalFeatures([goal]));
  } catch (error) {
    const [problem = ""] = (error as Error).message.split("\n");
    throw new Error(`goal ${name}: ${problem.replace(/^feature \w+: /, "").replace("aggregate.field", "value")}`);
  }
};
