import { MAX_PROPERTIES_BYTES } from "@tidemark/schema/limits";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { copyJson } from "../../src/tracker/json-copy.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("copyJson", () => {
  it("returns a copy in the named field, with the size of its JSON", () => {
    const given = { sku: "bøots", sizes: [41, 42] };
    const { added, propertyBytes } = copyJson("properties", given);
    given.sizes.push(43);
    expect(added).toEqual({ properties: { sku: "bøots", sizes: [41, 42] } });
    expect(propertyBytes).toBe(new TextEncoder().encode('{"sku":"bøots","sizes":[41,42]}').length);
  });

  it.each([undefined, null, ""])("returns an empty copy for %j", (value) => {
    expect(copyJson("properties", value)).toEqual({});
    expect(console.warn).not.toHaveBeenCalled();
  });

  it("drops a value that is not JSON, with a warning that names the field", () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    for (const value of [circle, { big: 1n }, () => {}]) expect(copyJson("traits", value)).toEqual({});
    expect(vi.mocked(console.warn).mock.calls.map(([, field]) => field)).toEqual(["traits", "traits", "traits"]);
  });

  it("drops a value that is larger than the contract allows", () => {
    const rest = MAX_PROPERTIES_BYTES - '{"text":""}'.length;
    expect(copyJson("properties", { text: "x".repeat(rest) }).propertyBytes).toBe(MAX_PROPERTIES_BYTES);
    expect(copyJson("properties", { text: "x".repeat(rest + 1) })).toEqual({});
    expect(console.warn).toHaveBeenCalledWith(
      "[tidemark]",
      "properties",
      "dropped:",
      `${MAX_PROPERTIES_BYTES + 1} bytes > ${MAX_PROPERTIES_BYTES}`,
    );
  });
});
