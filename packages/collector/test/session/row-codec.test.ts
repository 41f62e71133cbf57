import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../src/session/row-codec.ts";

/** Bytes that fit into a row's first page, and into each further page. */
const PAGE = { first: 4_000, more: 4_092 };

/** A copy of the encoded bytes, because the codec reuses its buffer. */
const stored = (value: object, atLeast = 0): Uint8Array => Uint8Array.from(encode(value, atLeast));

const restored = (bytes: Uint8Array): unknown => decode(bytes.slice().buffer);

const fillsPages = (length: number): boolean => length >= PAGE.first && (length - PAGE.first) % PAGE.more === 0;

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }).map((value) => value + 0),
);
const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("ünïcode 🎈", "\0"));

/** Values of the types in a session's state. */
const state = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    number,
    text,
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.array(tie("value"), { maxLength: 6 }),
    tie("object"),
  ),
  object: fc.dictionary(
    text.map((key) => `key ${key}`),
    tie("value"),
    { maxKeys: 6 },
  ),
})).object as fc.Arbitrary<object>;

/** Values with encoded lengths around the ends of pages, and beyond the codec's initial buffer of 64 KiB. */
const large = fc
  .oneof(
    fc.integer({ min: PAGE.first - 20, max: PAGE.first + 20 }),
    fc.integer({ min: PAGE.first + PAGE.more - 20, max: PAGE.first + PAGE.more + 20 }),
    fc.integer({ min: 65_000, max: 66_000 }),
    fc.integer({ min: 100_000, max: 300_000 }),
  )
  .map((length) => ({ text: "x".repeat(length), after: [1, null] }));

describe("an encoded value", () => {
  it("is decoded unchanged, whatever was encoded before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(state, large), fc.nat(100_000)), { minLength: 1, maxLength: 4 }),
        (all) => {
          for (const [value, atLeast] of all) expect(restored(stored(value, atLeast))).toEqual(value);
        },
      ),
    );
  });

  it("fills whole pages, or has the required minimum length", () => {
    fc.assert(
      fc.property(fc.oneof(state, large), fc.nat(200_000), (value, atLeast) => {
        const { length } = stored(value);
        expect(fillsPages(length)).toBe(true);
        expect(stored(value, atLeast)).toHaveLength(Math.max(length, atLeast));
      }),
    );
  });

  it("has a minimum length far beyond that of all values before", () => {
    const bytes = stored({ a: 1 }, 1_000_000);
    expect(bytes).toHaveLength(1_000_000);
    expect(restored(bytes)).toEqual({ a: 1 });
  });

  it("occupies no more pages than needed", () => {
    const bytesOf = (length: number) => stored({ text: "x".repeat(length) }).length;
    // A map of one key, a string of four characters, and five bytes before a string of more than 255.
    const overhead = 1 + 5 + 3;
    expect(bytesOf(PAGE.first - overhead)).toBe(PAGE.first);
    expect(bytesOf(PAGE.first - overhead + 1)).toBe(PAGE.first + PAGE.more);
    expect(bytesOf(PAGE.first + PAGE.more - overhead)).toBe(PAGE.first + PAGE.more);
    expect(bytesOf(PAGE.first + PAGE.more - overhead + 1)).toBe(PAGE.first + 2 * PAGE.more);
  });

  it("is followed by zeros only, also after a larger value in the same buffer", () => {
    fc.assert(
      fc.property(state, large, (value, before) => {
        const alone = stored(value);
        stored(before);
        expect(stored(value)).toEqual(alone);
        expect(
          stored(value, 70_000)
            .subarray(alone.length)
            .every((byte) => byte === 0),
        ).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("is decoded whatever follows it", () => {
    const bytes = new Uint8Array([...stored({ a: 1 }), 1, 2, 0xff]);
    expect(restored(bytes)).toEqual({ a: 1 });
  });
});
