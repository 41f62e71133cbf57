import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteLength, bytesOf } from "../../src/delivery/bytes.ts";

describe("byteLength", () => {
  it("is the length of the encoded text", () => {
    const texts = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("\u007f", "\u0080", "\ud800"));
    fc.assert(fc.property(texts, (text) => byteLength(text) === bytesOf(text).length));
    expect(byteLength("é")).toBe(2);
  });
});
