import { describe, expect, it } from "vitest";
import { defineFeatures, defineGoal, type Goal, goalFeatures, parseFeatures, type VectorOf } from "../../src/index.ts";

const purchase = defineGoal({
  name: "purchase",
  source: "custom",
  where: [{ field: "name", is: "eq", value: "purchase" }],
  value: "properties.price",
});

describe("defineGoal", () => {
  it("returns the goal", () => {
    expect(purchase.name).toBe("purchase");
    expect(defineGoal({ name: "signup", source: "form_submit" })).toEqual({ name: "signup", source: "form_submit" });
  });

  it("rejects fields that the source does not have, when it compiles", () => {
    const where = [{ field: "action", is: "eq", value: "x" }] as const;
    // @ts-expect-error A click has no field `action`.
    expect(() => defineGoal({ name: "copy", source: "click", where })).toThrow();
    // @ts-expect-error The path of an element is no number.
    expect(() => defineGoal({ name: "copy", source: "click", value: "target.path" })).toThrow();
    // @ts-expect-error A goal has no such key.
    expect(() => defineGoal({ name: "copy", source: "click", when: 1 })).toThrow();
  });

  it.each([
    [
      { name: "Purchase", source: "custom" },
      'goal Purchase: name: expected a name in snake_case of at most 30 characters; given "Purchase"',
    ],
    [{ name: "x".repeat(31), source: "custom" }, "a name in snake_case of at most 30 characters"],
    [{ name: "copy", source: "paste" }, "goal copy: source: "],
    [
      { name: "copy", source: "click", value: "text" },
      "goal copy: value: text of click is a string; expected a number",
    ],
    [{ name: "copy", source: "click", value: null }, "goal copy: value: expected a number or a field; given null"],
    [
      { name: "copy", source: "click", when: 1 },
      'goal copy: unknown key: expected one of name, source, where, value; given "when"',
    ],
  ])("names what is wrong in %j", (goal, message) => {
    expect(() => defineGoal(goal as never)).toThrow(message);
  });
});

describe("goalFeatures", () => {
  it("returns valid definitions of the longest name", () => {
    const long = { ...purchase, name: "x".repeat(30) } as Goal;
    const features = goalFeatures([long, { name: "signup", source: "form_submit", value: 5 }]);
    expect(parseFeatures(features)).toEqual(features);
    expect(features.filter(({ entity }) => entity === "page").map(({ name }) => name)).toContain(
      "assisted_goal_value_time_decay",
    );
  });

  it("has the features of all goals together also without a goal", () => {
    expect(parseFeatures(goalFeatures([]))).toContainEqual(
      expect.objectContaining({ name: "assisted_goal_count", entity: "page", derive: 0 }),
    );
  });
});

describe("defineFeatures", () => {
  it("accepts credit for pages only", () => {
    const named = {
      description: "D.",
      unit: "count",
      source: "click",
      aggregate: { type: "credit", share: "linear" },
    } as const;
    const list = defineFeatures([{ ...named, name: "a", entity: "page", window: { type: "lifetime" } }]);
    const vector: Pick<VectorOf<typeof list>, "a"> = { a: 1 };
    expect(vector.a).toBe(1);
    const ofUser = [{ ...named, name: "a", entity: "user", window: { type: "lifetime" } }] as const;
    // @ts-expect-error Only pages have credit.
    expect(() => parseFeatures(defineFeatures(ofUser))).toThrow(
      "feature a: aggregate.type: credit is an aggregate of the entity page only",
    );
  });
});
