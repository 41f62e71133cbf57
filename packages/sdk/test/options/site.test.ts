import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isValidSite } from "../../src/options/site.ts";

const KEY = "tm_shop_3f9c1e7ab2d84056";
const ENDPOINT = "https://collector.example";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("isValidSite", () => {
  it.each([ENDPOINT, "http://localhost:8787", "/", "/collector"])("accepts the endpoint %s", (endpoint) => {
    expect(isValidSite(KEY, endpoint)).toBe(true);
    expect(console.warn).not.toHaveBeenCalled();
  });

  it.each([
    ["", ENDPOINT],
    ["shop", ENDPOINT],
    ["tm_shop", ENDPOINT],
    ["tm_shop_123", ENDPOINT],
    ["tm_Shop_12345678", ENDPOINT],
    [KEY, ""],
    [KEY, "collector.example"],
    [KEY, "ftp://collector.example"],
  ])("warns about the key %j with the endpoint %j", (key, endpoint) => {
    expect(isValidSite(key, endpoint)).toBe(false);
    expect(console.warn).toHaveBeenCalledOnce();
    expect(console.warn).toHaveBeenCalledWith(expect.stringContaining(`got "${key}" and "${endpoint}"`));
  });
});
