import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { currentPage } from "../../src/sensors/page-definition.ts";

let sensor: typeof import("../../src/sensors/page-definition.ts");

beforeEach(async () => {
  vi.resetModules();
  sensor = await import("../../src/sensors/page-definition.ts");
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The page at a URL by a definition. */
const pageAt = (href: string, define?: Parameters<typeof currentPage>[0]) => {
  vi.stubGlobal("location", { href });
  return sensor.currentPage(define);
};

describe("a page", () => {
  it("is a URL without its fragment by default", () =>
    expect(pageAt("https://shop.example/a?search=b#part")).toEqual({
      id: "https://shop.example/a?search=b",
      fields: {},
    }));

  it("is a path by pathOnly, whose page view has the campaign too", () =>
    expect(pageAt("https://shop.example/a?search=b&utm_source=mail#part", sensor.pathOnly)).toEqual({
      id: "https://shop.example/a",
      fields: { url: "https://shop.example/a?utm_source=mail" },
    }));

  it("is a path and the named parameters in any order by keepParameters", () => {
    const define = sensor.keepParameters("page", "id");
    const page = { id: "https://shop.example/a?id=1&page=2", fields: { url: "https://shop.example/a?id=1&page=2" } };
    for (const query of ["id=1&page=2", "page=2&id=1&search=b"])
      expect(pageAt(`https://shop.example/a?${query}`, define)).toEqual(page);
  });

  it.each([
    ["https://shop.example/app?search=b#/shop?token=1", "https://shop.example/app#/shop", "/app#/shop"],
    ["https://shop.example/#!/shop/1#part", "https://shop.example/#!/shop/1", "/#!/shop/1"],
    ["capacitor://localhost/#/home", "capacitor://localhost/#/home", "/#/home"],
    ["https://shop.example/#access_token=1&expires=2", "https://shop.example/#access_token", "/#access_token"],
  ])("has the path of the route in %s by hashRoutes", (href, url, path) =>
    expect(pageAt(href, sensor.hashRoutes)).toEqual({ id: url, fields: { url, path } }),
  );

  it("without a route has the path of its URL by hashRoutes", () =>
    expect(pageAt("https://shop.example/#", sensor.hashRoutes)).toEqual({
      id: "https://shop.example/",
      fields: { url: "https://shop.example/" },
    }));

  it("is the text that a function returns, relative to the URL and without credentials", () => {
    expect(pageAt("https://shop.example/product/17?a=1", () => "/product/:id").fields.url).toBe(
      "https://shop.example/product/:id",
    );
    expect(pageAt("https://user:secret@shop.example/17", (url) => url).fields.url).toBe("https://shop.example/17");
  });

  it("is cut to the length that the contract allows", () => {
    const { fields } = pageAt(`https://shop.example/#/${"a".repeat(3_000)}`, sensor.hashRoutes);
    expect([fields.url?.length, fields.path?.length]).toEqual([2_000, 1_000]);
  });

  it("is a URL without its fragment, after one warning, where the function fails", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const fail = () => {
      throw new Error("of the site");
    };
    for (const define of [fail, () => "", () => undefined as never, () => "https://"])
      expect(pageAt("https://shop.example/a#part", define)).toEqual({ id: "https://shop.example/a", fields: {} });
    expect(warn.mock.calls.map(([, text]) => text)).toEqual([expect.stringMatching(/`url` failed/)]);
  });
});
