import { batch, eventTypes } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compileCheck } from "../../src/wire/compile-check.ts";

/** Values at and beyond the limits of schemas, of every JSON type. */
const odd = fc.oneof(
  fc.constantFrom(
    -1,
    0,
    1,
    2,
    3,
    0.5,
    31,
    32,
    99.9,
    100,
    101,
    -1e9,
    1e9,
    1e9 + 1,
    8.64e15,
    9e15,
    Number.POSITIVE_INFINITY,
  ),
  fc
    .constantFrom(0, 1, 7, 8, 20, 35, 40, 60, 64, 65, 100, 101, 200, 300, 1000, 2000, 2001)
    .map((size) => "a".repeat(size)),
  fc.constantFrom("a b c d e", "ünïcödé-id", "mouse", "", "LCP", "load", "route"),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Texts of forms that most fields of a text refuse: a secret, which is longer than others may be, and a trace's context. */
const SPECIAL = ["s".repeat(32), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"];

/** Values that conform to the types of a schema, though not always to its checks. */
const near = (schema: z.core.$ZodType): fc.Arbitrary<unknown> => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "literal":
      return fc.constantFrom(...def.values);
    case "enum":
      return fc.constantFrom(...Object.values(def.entries));
    case "string": {
      const special = SPECIAL.filter((text) => z.safeParse(schema, text).success);
      return fc.constantFrom(...(special.length === 1 ? special : ["view0000001", "tab_0000001"]));
    }
    case "number":
      return fc.integer({ min: 1, max: 20 });
    case "boolean":
      return fc.boolean();
    case "optional":
      return near(def.innerType);
    case "array":
      return fc.array(near(def.element), { minLength: 1, maxLength: 10, size: "max" });
    case "tuple":
      return fc.tuple(...def.items.map(near));
    case "record":
      return fc.dictionary(
        fc.constantFrom("a", "b", "x".repeat(100), "x".repeat(101)),
        fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.constant("x".repeat(9_000))),
      );
    case "object": {
      const fields = Object.entries(def.shape).map(([name, field]) => [name, near(field)] as const);
      const optional = Object.entries(def.shape).filter(([, field]) => field._zod.optin !== undefined);
      const names = new Set(optional.map(([name]) => name));
      const requiredKeys = fields.map(([name]) => name).filter((name) => !names.has(name));
      return fc.record(Object.fromEntries(fields), { requiredKeys });
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
};

/** Values with one changed, removed or added field. */
const changed = (value: fc.Arbitrary<unknown>) =>
  fc
    .tuple(value, fc.nat(), fc.option(odd, { nil: undefined }), fc.constantFrom("", "extra", "__proto__"))
    .map(([original, place, other, extra]) => {
      if (typeof original !== "object" || original === null) return other;
      const entries = Object.entries(original);
      const name = extra || (entries[place % entries.length]?.[0] ?? "");
      // JSON.parse creates a field of any name, including __proto__.
      return JSON.parse(
        JSON.stringify(Object.fromEntries([...entries.filter(([each]) => each !== name), [name, other]])),
      );
    });

describe("compileCheck", () => {
  it.each(Object.entries({ ...eventTypes, batch }))("agrees with zod about %s", (_name, schema) => {
    const isValid = compileCheck(schema);
    const conforming = near(schema);
    const counts = { valid: 0, invalid: 0 };
    // Few batches conform by chance: all of their fields have to.
    const values = fc.oneof(
      { arbitrary: conforming, weight: 4 },
      { arbitrary: changed(conforming), weight: 2 },
      { arbitrary: odd, weight: 1 },
    );
    fc.assert(
      fc.property(values, (value) => {
        const { success } = z.safeParse(schema, value);
        expect(isValid(value)).toBe(success);
        counts[success ? "valid" : "invalid"] += 1;
      }),
      { numRuns: 1_200 },
    );
    expect(Math.min(counts.valid, counts.invalid)).toBeGreaterThan(5);
  });

  it("falls back to zod for unsupported schemas", () => {
    const even = z.int().refine((value) => value % 2 === 0);
    const schema = z.strictObject({ even, when: z.iso.date(), either: z.union([z.string(), z.null()]).optional() });
    const isValid = compileCheck(schema);
    expect(isValid({ even: 2, when: "2026-11-25" })).toBe(true);
    expect(isValid({ even: 2, when: "2026-11-25", either: null })).toBe(true);
    expect(isValid({ even: 3, when: "2026-11-25" })).toBe(false);
    expect(isValid({ even: 2, when: "tomorrow" })).toBe(false);
    expect(isValid({ even: 2, when: "2026-11-25", either: 1 })).toBe(false);
  });
});
