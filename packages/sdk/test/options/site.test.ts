import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { collectorUrl } from "../../src/options/site.ts";

// The SDK takes the origin when it is loaded.
vi.hoisted(() => vi.stubGlobal("origin", "https://shop.example"));

const KEY = "tm_shop_3f9c1e7ab2d84056";
const ENDPOINT = "https://collector.example";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.stubGlobal("location", { origin: "https://shop.example" });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("the collector's URL", () => {
  it.each([
    [ENDPOINT, "https://collector.example/v1/"],
    [`${ENDPOINT}/`, "https://collector.example/v1/"],
    [`${ENDPOINT}//`, "https://collector.example/v1/"],
    ["http://localhost:8787", "http://localhost:8787/v1/"],
    ["http://[::1]:8787", "http://[::1]:8787/v1/"],
    ["https://collector.example/t", "https://collector.example/t/v1/"],
    ["/", "https://shop.example/v1/"],
    ["/collector", "https://shop.example/collector/v1/"],
    ["/a/b/", "https://shop.example/a/b/v1/"],
    ["/@team", "https://shop.example/@team/v1/"],
    ["./t", "https://shop.example/t/v1/"],
    ["//collector.example/t", "https://collector.example/t/v1/"],
    ["HTTPS://Collector.example", "https://collector.example/v1/"],
    ["/v1/t", "https://shop.example/v1/t/v1/"],
    ["/api/v10", "https://shop.example/api/v10/v1/"],
  ])("of the endpoint %s is %s", (endpoint, url) => {
    expect(collectorUrl(KEY, endpoint)).toBe(url);
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
    [KEY, "://collector.example"],
    [KEY, "///collector.example"],
    [KEY, "/\\collector.example"],
    [KEY, "/\t/collector.example"],
    [KEY, "https://"],
    [KEY, "https://:80"],
    [KEY, "https://[::1"],
    [KEY, "https://user:word@collector.example"],
    [KEY, `${ENDPOINT}?site=shop`],
    [KEY, `${ENDPOINT}/#t`],
    [KEY, "/t?site=shop"],
    [KEY, "t"],
    [KEY, "."],
    [KEY, ".//collector.example"],
    [KEY, `${ENDPOINT}/v1/events`],
    [KEY, `${ENDPOINT}/v1/events/`],
    [KEY, `${ENDPOINT}/v1`],
    [KEY, "/t/v1/events"],
  ])("is none for the key %j with the endpoint %j, and a warning gives the reason", (key, endpoint) => {
    expect(collectorUrl(key, endpoint)).toBe("");
    expect(console.warn).toHaveBeenCalledOnce();
    expect(console.warn).toHaveBeenCalledWith("[tidemark]", expect.stringContaining(`got "${key}" and "${endpoint}"`));
  });

  it("belongs to the origin of the page that created the frame, in a frame without a URL of its own", () => {
    vi.stubGlobal("location", { origin: "null" });
    expect(collectorUrl(KEY, "/t")).toBe("https://shop.example/t/v1/");
  });

  it("is none for a path in a page without an origin", async () => {
    vi.stubGlobal("location", { origin: "null" });
    vi.stubGlobal("origin", "null");
    vi.resetModules();
    const { collectorUrl } = await import("../../src/options/site.ts");
    for (const endpoint of ["/", "./t", "//collector.example"]) expect(collectorUrl(KEY, endpoint)).toBe("");
    expect(collectorUrl(KEY, ENDPOINT)).toBe("https://collector.example/v1/");
  });
});
