import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_TEXT_CHARACTERS } from "../src/limits.ts";
import { textPrecedes, truncate } from "../src/text.ts";

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom("a", "é", "\uf8ff", "🎈", "\u{10ffff}"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 300,
});

describe("truncate", () => {
  it("returns the first 200 characters, and shorter texts unchanged", () => {
    fc.assert(
      fc.property(text, (given) => {
        expect([...truncate(given)]).toEqual([...given].slice(0, MAX_TEXT_CHARACTERS));
      }),
    );
  });

  it("does not split a surrogate pair", () => {
    expect(truncate("🎈".repeat(201))).toBe("🎈".repeat(200));
    expect(truncate(`${"a".repeat(199)}🎈🎈`)).toBe(`${"a".repeat(199)}🎈`);
    expect(truncate("a".repeat(201))).toBe("a".repeat(200));
  });

  it("does not change a truncated text", () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(truncate(truncate(given))).toBe(truncate(given));
      }),
    );
  });
});

describe("textPrecedes", () => {
  const bytes = (given: string) => Buffer.from(given, "utf8");
  const word = fc.string({
    unit: fc.constantFrom("a", "b", "\0", "\uffff", "\ue000", "\u{10000}", "🎈"),
    maxLength: 4,
  });

  it("is the order of UTF-8 bytes", () => {
    fc.assert(
      fc.property(fc.oneof(text, word), fc.oneof(text, word), (one, other) => {
        expect(textPrecedes(one, other)).toBe(Buffer.compare(bytes(one), bytes(other)) < 0);
      }),
      { numRuns: 300 },
    );
  });

  it("is false for equal texts, and true for a prefix and its text", () => {
    expect(textPrecedes("a", "a")).toBe(false);
    expect([textPrecedes("a", "ab"), textPrecedes("ab", "a"), textPrecedes("", "a")]).toEqual([true, false, true]);
    expect([textPrecedes("\uf8ff", "🎈"), textPrecedes("🎈", "\uf8ff")]).toEqual([true, false]);
  });
});
