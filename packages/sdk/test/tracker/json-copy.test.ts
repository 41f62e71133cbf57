import { MAX_DROPPED_PROPERTIES, MAX_PROPERTIES_BYTES } from "@tidemark/schema/limits";
import { beforeEach, describe, expect, it, vi } from "vitest";

const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
let copyJson: typeof import("../../src/tracker/json-copy.ts").copyJson;

// Each test has its own module, because a warning appears once in a page.
beforeEach(async () => {
  warn.mockClear();
  vi.resetModules();
  ({ copyJson } = await import("../../src/tracker/json-copy.ts"));
});

const nested = (levels: number): unknown => (levels ? [nested(levels - 1)] : 0);
const textOfBytes = (bytes: number) => "x".repeat(bytes - '{"text":""}'.length);

describe("copyJson", () => {
  it("returns a copy in the named field", () => {
    const given = { sku: "bøots", sizes: [41, 42] };
    const copy = copyJson("properties", given);
    given.sizes.push(43);
    expect(copy).toEqual({ properties: { sku: "bøots", sizes: [41, 42] } });
    expect(warn).not.toHaveBeenCalled();
  });

  it.each([undefined, null, "", 0, false])("returns nothing for %j", (value) => {
    expect(copyJson("properties", value)).toEqual({});
    expect(warn).not.toHaveBeenCalled();
  });

  const circle: { self?: object } = {};
  circle.self = circle;
  it.each<[string, unknown]>([
    ["a function", () => {}],
    ["a symbol", Symbol("s")],
    ["a BigInt", 1n],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["a Map", new Map([["a", 1]])],
    ["a Set", new Set([1])],
    ["an error", new Error("no")],
    ["a promise", Promise.resolve()],
    ["bytes", new ArrayBuffer(8)],
    ["a list of bytes", new Uint8Array([1, 2])],
    ["an iterator", [1, 2][Symbol.iterator]()],
    ["a value whose toJSON returns NaN", { toJSON: () => Number.NaN }],
    ["a cycle", circle],
    ["a function within a list", [1, () => {}]],
    ["NaN within an object", { a: { b: Number.NaN } }],
    ["a value whose toJSON throws", { toJSON: () => decodeURIComponent("%") }],
    [
      "100,000 levels",
      Array(100_000)
        .fill(0)
        .reduce((inner) => [inner], 0),
    ],
  ])("leaves out %s by itself, with a warning", (_, bad) => {
    expect(copyJson("traits", { before: 1, bad, after: [2] })).toEqual({
      traits: { before: 1, after: [2] },
      dropped_properties: ["bad"],
    });
    expect(warn.mock.calls).toEqual([["[tidemark]", expect.stringMatching(/^traits: .*without JSON/), "bad"]]);
  });

  it("leaves out a property whose getter throws", () => {
    const given = {
      good: 1,
      get bad() {
        throw new Error("no");
      },
    };
    expect(copyJson("properties", given)).toEqual({ properties: { good: 1 }, dropped_properties: ["bad"] });
  });

  it("copies dates as text, and counts undefined as absent", () => {
    expect(copyJson("properties", { at: new Date(0), none: undefined })).toEqual({
      properties: { at: "1970-01-01T00:00:00.000Z" },
    });
    expect(warn).not.toHaveBeenCalled();
  });

  it("copies lists as lists where an old library gives them a toJSON", () => {
    const list = Object.assign([1, 2], { toJSON: () => "[1, 2]" });
    expect(copyJson("properties", { list, inner: { list } })).toEqual({
      properties: { list: [1, 2], inner: { list: [1, 2] } },
    });
  });

  it.each<[string, unknown]>([
    ["a list", [1]],
    ["a text", "text"],
    ["a number", 5],
    ["a function", () => {}],
    ["a Map", new Map([["a", 1]])],
    ["a date", new Date(0)],
  ])("leaves out %s in place of an object", (_, value) => {
    expect(copyJson("traits", value)).toEqual({ dropped_properties: ["traits"] });
    expect(warn.mock.calls).toEqual([["[tidemark]", expect.stringContaining("no object"), "traits"]]);
  });

  it("leaves out what has more than five levels", () => {
    expect(copyJson("properties", { five: nested(4), six: nested(5), object: { a: { b: { c: { d: {} } } } } })).toEqual(
      {
        properties: { five: nested(4) },
        dropped_properties: ["six", "object"],
      },
    );
  });

  it("leaves out each property for which there is no space, in bytes of UTF-8", () => {
    const full = { text: textOfBytes(MAX_PROPERTIES_BYTES) };
    expect(copyJson("properties", full)).toEqual({ properties: full });
    expect(copyJson("properties", { text: `${full.text}x`, small: 1 })).toEqual({
      properties: { small: 1 },
      dropped_properties: ["text"],
    });
    expect(copyJson("properties", { small: 1, text: "ø".repeat(MAX_PROPERTIES_BYTES / 2), last: 2 })).toEqual({
      properties: { small: 1, last: 2 },
      dropped_properties: ["text"],
    });
  });

  it("leaves out a name that is too long, and cuts it where it is named", () => {
    const name = `${"n".repeat(99)}😀`;
    expect(copyJson("properties", { [name]: 1, ["n".repeat(100)]: 2 })).toEqual({
      properties: { ["n".repeat(100)]: 2 },
      dropped_properties: ["n".repeat(99)],
    });
  });

  it("names at most twenty, leaves out the rest, and warns once for each reason", () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `p${index}`);
    const bad = Object.fromEntries(names.map((name) => [name, Number.NaN]));
    const copy = copyJson("properties", { good: 1, ...bad }, ["earlier"]);
    expect(copy).toEqual({
      properties: { good: 1 },
      dropped_properties: ["earlier", ...names].slice(0, MAX_DROPPED_PROPERTIES),
    });
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
