import type { Condition } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matcher } from "../src/condition.ts";
import type { EventContext } from "../src/event-context.ts";

const context: EventContext = { time: 7, tab_id: "tab-a", seq: 3 };

const condition = (is: string, value: unknown): Condition =>
  ({ field: "properties.x", is, ...(is === "in" ? { values: value } : { value }) }) as Condition;

const matches = (x: unknown, ...conditions: Condition[]) => matcher(conditions)({ properties: { x } }, context);

describe("a condition", () => {
  it.each<[is: string, value: unknown, matching: unknown[], failing: unknown[]]>([
    ["eq", 1, [1], [2, "1", true, null, undefined, [1]]],
    ["eq", "", [""], [0, false, null, undefined]],
    ["ne", 1, [2, "1", true, ""], [1, null, undefined, [2], { a: 2 }]],
    ["in", [1, "a", false], [1, "a", false], ["1", 0, "", null, undefined, [1]]],
    ["lt", 2, [1, -1e9], [2, 3, "1", null, undefined, false]],
    ["lte", 2, [1, 2], [3, "2", null, true]],
    ["gt", 2, [3, 1e9], [2, 1, "3", [3], undefined]],
    ["gte", 2, [2, 3], [1, "2", true, null]],
  ])(
    "%s %j is true for values that satisfy it, and false for other values, null and undefined",
    (is, value, matching, failing) => {
      for (const x of matching) expect([x, matches(x, condition(is, value))]).toEqual([x, true]);
      for (const x of failing) expect([x, matches(x, condition(is, value))]).toEqual([x, false]);
    },
  );

  it("reads a field of the context from the context, and not from the event", () => {
    const isAfterFive = matcher([{ field: "time", is: "gt", value: 5 }]);
    expect(isAfterFive({}, context)).toBe(true);
    expect(isAfterFive({ time: 9 }, { ...context, time: 5 })).toBe(false);
  });
});

describe("conditions", () => {
  it("are satisfied when each of them is, and when the list is empty", () => {
    const operators = fc.array(fc.tuple(fc.constantFrom("eq", "ne", "lt", "lte", "gt", "gte"), fc.nat(4)), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(operators, fc.nat(4), (all, x) => {
        const conditions = all.map(([is, value]) => condition(is, value));
        expect(matches(x, ...conditions)).toBe(conditions.every((each) => matches(x, each)));
      }),
    );
  });
});
