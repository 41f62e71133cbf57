import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJson } from "../src/json.ts";

const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
};

const shapes: [string, (inner: unknown) => unknown][] = [
  ["arrays", (inner) => [inner]],
  ["objects", (inner) => ({ a: inner })],
  ["objects with numbers as names", (inner) => ({ 0: inner })],
  ["members named __proto__", (inner) => Object.defineProperty({}, "__proto__", { value: inner, enumerable: true })],
];

describe("isJson", () => {
  it.each(shapes)("counts the levels of %s, and returns for 100,000 of them", (_, wrap) => {
    expect(isJson(nested(4, wrap), 4)).toBe(true);
    expect(isJson(nested(5, wrap), 4)).toBe(false);
    expect(isJson(nested(100_000, wrap), 4)).toBe(false);
  });

  it("finds the deepest member of many", () => {
    expect(isJson([1, [], { a: [[2]] }], 4)).toBe(true);
    expect(isJson([1, [], { a: [[[2]]] }], 4)).toBe(false);
  });

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, Symbol("a"), new Date(0), new Map()])(
    "rejects %s, at any level",
    (value) => {
      expect([value, [value], { a: { b: value } }].some((each) => isJson(each, 4))).toBe(false);
    },
  );

  it("accepts every JSON value of few levels", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        expect(isJson(value, 4)).toBe(true);
      }),
    );
  });
});
