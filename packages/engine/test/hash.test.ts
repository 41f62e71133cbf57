import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HASH_BITS, hashOf } from "../src/hash.ts";

/** Hashes in stored states, which never change. */
const golden: [text: string, hash: number][] = [
  ["", 4725174436432501],
  ["a", 5336533137160055],
  ["b", 3651068189525386],
  ["ab", 3122468483229430],
  ["ba", 3709920781518858],
  ["shop.session-1", 6364896702750740],
  ["ünïcode 🎈", 4306289660190982],
  ["\u00001", 8878621707176732],
  ["\ud800", 6727697561559285],
  ["x".repeat(200), 2636025430774200],
];

describe("hashOf", () => {
  it.each(golden)("returns the stored hash of %j", (text, hash) => {
    expect(hashOf(text)).toBe(hash);
  });

  it("returns a whole number of 53 bits that does not depend on calls in between", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 12 }), { minLength: 1, maxLength: 30 }),
        (texts) => {
          const first = texts.map(hashOf);
          expect(first.every((hash) => Number.isSafeInteger(hash) && hash >= 0 && hash < 2 ** HASH_BITS)).toBe(true);
          expect(texts.toReversed().map(hashOf).reverse()).toEqual(first);
        },
      ),
    );
  });

  it("returns different hashes for different texts, evenly distributed in the lowest and the highest bits", () => {
    const count = 20_000;
    const hashes = Array.from({ length: count }, (_, index) => hashOf(`session-${index}`));
    expect(new Set(hashes).size).toBe(count);
    for (const bucketOf of [(hash: number) => hash % 64, (hash: number) => Math.floor(hash / 2 ** (HASH_BITS - 6))]) {
      const buckets = new Array<number>(64).fill(0);
      for (const hash of hashes) buckets[bucketOf(hash)] = (buckets[bucketOf(hash)] ?? 0) + 1;
      // Chi-squared over 63 degrees of freedom: 120 is exceeded once in 10 ** 5 runs.
      const expected = count / 64;
      const distance = buckets.reduce((sum, size) => sum + (size - expected) ** 2 / expected, 0);
      expect(distance).toBeLessThan(120);
    }
  });
});
