import type { AggregateFeature, Credit, DerivedFeature, Expression, Feature } from "../feature.ts";
import type { Goal } from "../goal.ts";
import { lifetime, session } from "../windows.ts";

/** Time after which a page's share in a goal is half, in milliseconds: ten minutes, a third of the longest idle session. */
const HALF_LIFE_MS = 600_000;

/** The ways of dividing a goal between the pages that were viewed before, by the end of a feature's name. */
const SHARES: Record<string, { share: Credit; meaning: string }> = {
  "": { share: { type: "credit", share: "each" }, meaning: "in full for each page" },
  _last_touch: { share: { type: "credit", share: "last_touch" }, meaning: "for the page viewed last" },
  _linear: { share: { type: "credit", share: "linear" }, meaning: "in equal shares for the pages" },
  _time_decay: {
    share: { type: "credit", share: "time_decay", half_life_ms: HALF_LIFE_MS },
    meaning: "in shares that halve with every ten minutes since a page was viewed",
  },
};

/** A quantity of goals: their number, or their value. */
interface Quantity {
  name: "count" | "value";
  noun: string;
  unit: string;
}

const COUNT: Quantity = { name: "count", noun: "Number", unit: "count" };
const VALUE: Quantity = { name: "value", noun: "Total value", unit: "value of the goal" };

type Definition = AggregateFeature | DerivedFeature;

/** The features of one goal, over its events. */
const featuresOfGoal = ({ name, source, where, value }: Goal): Definition[] => {
  const events = { source, ...(where && { where }) } as Pick<AggregateFeature, "source" | "where">;
  const reached = (quantity: Quantity, entity: "session" | "user"): Definition => {
    const prefix = entity === "user" ? "user_" : "";
    const named = {
      name: `${prefix}${name}_${quantity.name}`,
      description: `${quantity.noun} of ${name} goals that the ${entity === "user" ? "user" : "visitor"} reached${entity === "user" ? "" : " in the session"}.`,
      unit: quantity.unit,
      entity,
    };
    if (quantity === VALUE && typeof value === "number")
      return { ...named, derive: { op: "multiply", left: { feature: `${prefix}${name}_count` }, right: value } };
    const aggregate = quantity === VALUE ? ({ type: "sum", field: value } as never) : ({ type: "count" } as const);
    const window = entity === "session" ? session() : lifetime();
    return { ...named, ...events, aggregate, window } as AggregateFeature;
  };
  const assisted = (quantity: Quantity): Definition[] =>
    Object.entries(SHARES).map(([end, { share, meaning }]) => {
      const named = {
        name: `assisted_${name}_${quantity.name}${end}`,
        description: `${quantity.noun} of ${name} goals that visitors reached after they had viewed the page in the session, ${meaning}.`,
        unit: quantity.unit,
        entity: "page" as const,
      };
      if (quantity === VALUE && typeof value === "number")
        return {
          ...named,
          derive: { op: "multiply", left: { feature: `assisted_${name}_count${end}` }, right: value },
        };
      const aggregate = { ...share, ...(quantity === VALUE && { field: value as never }) };
      return { ...named, ...events, aggregate, window: lifetime() } as AggregateFeature;
    });
  const quantities = value === undefined ? [COUNT] : [COUNT, VALUE];
  return [
    ...quantities.map((each) => reached(each, "session")),
    ...quantities.map((each) => reached(each, "user")),
    ...quantities.flatMap(assisted),
  ];
};

/** The sum of features; 0 of none. */
const sumOf = (names: readonly string[]): Expression =>
  names.reduce<Expression | undefined>(
    (sum, feature) => (sum === undefined ? { feature } : { op: "add", left: sum, right: { feature } }),
    undefined,
  ) ?? 0;

/** The features of all goals together: sums of those of each. */
const totals = (goals: readonly Goal[]): DerivedFeature[] => {
  const total = (
    quantity: Quantity,
    [before, after]: [string, string],
    entity: "session" | "user" | "page",
    description: string,
  ): DerivedFeature => {
    const counted = goals.filter(({ value }) => quantity === COUNT || value !== undefined);
    return {
      name: `${before}goal_${quantity.name}${after}`,
      description: `${quantity.noun} of all goals that ${description}.`,
      unit: quantity.unit,
      entity,
      derive: sumOf(counted.map(({ name }) => `${before}${name}_${quantity.name}${after}`)),
    };
  };
  const both = [COUNT, VALUE];
  return [
    ...both.map((each) => total(each, ["", ""], "session", "the visitor reached in the session")),
    ...both.map((each) => total(each, ["user_", ""], "user", "the user reached")),
    ...both.flatMap((each) =>
      Object.entries(SHARES).map(([end, { meaning }]) =>
        total(
          each,
          ["assisted_", end],
          "page",
          `visitors reached after they had viewed the page in the session, ${meaning}`,
        ),
      ),
    ),
  ];
};

/**
 * The features of goals. Those of sessions and users are the number and the value of the goals reached. Those of pages
 * are the same for goals that visitors reached after they had viewed the page. There is one of each goal, and one of all goals together, such as
 * `assisted_goal_value_linear`.
 */
export const goalFeatures = (goals: readonly Goal[]): readonly Feature[] =>
  [...goals.flatMap(featuresOfGoal), ...totals(goals)] as Feature[];
