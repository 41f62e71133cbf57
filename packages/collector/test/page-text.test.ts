import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PAGE_TEXT, pageText } from "../src/page-text.ts";
import { HOSTILE_TEXTS, hasInvisible } from "./hostile-texts.ts";

/** Texts of any UTF-16 units, often of those that matter. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        " ",
        "\n",
        '"',
        "\\",
        "\u2028",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\ud83d",
        "\ude00",
        "\u{e0041}",
        "é",
      ),
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
      fc.string(),
    ),
    { maxLength: 400 },
  )
  .map((parts) => parts.join(""));

describe("pageText", () => {
  it("is one line of visible characters whose JSON string is short, for any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const result = pageText(text);
        expect(hasInvisible(result)).toBe(false);
        expect(JSON.stringify(result).length).toBeLessThanOrEqual(MAX_PAGE_TEXT);
        expect(JSON.parse(JSON.stringify(result))).toBe(result);
        expect(pageText(result)).toBe(result);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(HOSTILE_TEXTS)("leaves no other line and no invisible character of %j", (text) => {
    expect(hasInvisible(pageText(text))).toBe(false);
    expect(JSON.stringify(pageText(text)).length).toBeLessThanOrEqual(MAX_PAGE_TEXT);
  });

  it.each([
    ["a", "a"],
    ['Shoes, size 42 – "best" of 2026 🎈 日本語', 'Shoes, size 42 – "best" of 2026 🎈 日本語'],
    ["  a \n\t b\u2028c ", "a b c"],
    ["a\u200bb\u{e0041}c\ud800d", "abcd"],
    ["", ""],
    ["\n\u202e", ""],
    ["a".repeat(198), "a".repeat(198)],
    ["a".repeat(199), `${"a".repeat(197)}…`],
    ['"'.repeat(99), '"'.repeat(99)],
    ['"'.repeat(100), `${'"'.repeat(98)}…`],
    ["🎈".repeat(100), `${"🎈".repeat(98)}…`],
  ])("of %j is %j", (text, expected) => {
    expect(pageText(text)).toBe(expected);
  });

  it("takes time in proportion to the length of a text", () => {
    const begin = performance.now();
    pageText(`${"a ".repeat(50_000)}\u200b`);
    pageText(`${"a".repeat(100_000)}\n`);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});
