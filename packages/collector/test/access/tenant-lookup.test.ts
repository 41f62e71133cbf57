import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTenantLookup } from "../../src/access/tenant-lookup.ts";
import type { Site } from "../../src/config.ts";
import { HttpError } from "../../src/errors.ts";
import { createTenants } from "../../src/tenants.ts";

const site = (id: string, origins: string[], more: Partial<Site> = {}): Site => ({
  id,
  key: `tm_${id}_aaaaaaaa`,
  origins,
  readKeySecret: `${id.toUpperCase()}_READ_KEY`,
  ...more,
});

const lookupOf = (...sites: Site[]) =>
  createTenantLookup(createTenants({ sites, adminKeySecret: "ADMIN_KEY", features: [] }));

/** Code and message of the error that a call throws. */
const errorOf = async (call: () => unknown): Promise<[code: string, message: string] | undefined> => {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return [error.code, error.message];
  }
  return undefined;
};

const accepts = async (allowed: string, origin: string): Promise<boolean> => {
  const lookup = lookupOf(site("shop", [allowed]));
  return (await errorOf(() => lookup.byKey("tm_shop_aaaaaaaa", origin))) === undefined;
};

describe("byKey", () => {
  const lookup = lookupOf(
    site("shop", ["https://shop.example", "https://*.shop.example"]),
    site("blog", ["http://localhost:*"]),
  );

  it("finds the tenant of a site by its key", () => {
    expect(lookup.byKey("tm_shop_aaaaaaaa", "https://shop.example").site.id).toBe("shop");
    expect(lookup.byKey("tm_blog_aaaaaaaa", "http://localhost:3000").site.id).toBe("blog");
  });

  it("accepts requests without an origin, which pages do not send", () => {
    expect(lookup.byKey("tm_shop_aaaaaaaa", undefined).site.id).toBe("shop");
  });

  it("rejects an unknown key, and names it", async () => {
    expect(await errorOf(() => lookup.byKey("tm_shop_aaaaaaab", undefined))).toEqual([
      "unknown_key",
      'No site has the key "tm_shop_aaaaaaab". Copy it from tidemark.config.ts.',
    ]);
  });

  it("rejects a foreign origin, including those of other sites, and names the origin and the site", async () => {
    for (const origin of ["https://evil.example", "http://localhost:3000", "null"]) {
      expect(await errorOf(() => lookup.byKey("tm_shop_aaaaaaaa", origin))).toEqual([
        "origin_not_allowed",
        `The origin ${origin} is not among the origins of site shop. Add it in tidemark.config.ts.`,
      ]);
    }
  });
});

describe("the origins of a site", () => {
  it.each([
    ["https://shop.example", "https://shop.example"],
    ["https://shop.example", "https://SHOP.example"],
    ["https://Shop.Example", "https://shop.example"],
    ["https://*.shop.example", "https://www.shop.example"],
    ["https://*.shop.example", "https://a-b_1.shop.example"],
    ["https://*.*.example", "https://www.shop.example"],
    ["https://shop.example:8443", "https://shop.example:8443"],
    ["http://localhost:*", "http://localhost:8788"],
    ["http://[::1]:*", "http://[::1]:8788"],
  ])("match: %s matches %s", async (allowed, origin) => {
    expect(await accepts(allowed, origin)).toBe(true);
  });

  it.each([
    ["https://shop.example", "http://shop.example"],
    ["https://shop.example", "https://shop.example:8443"],
    ["https://shop.example", "https://shopxexample"],
    ["https://shop.example", "https://shop.example.evil.example"],
    ["https://shop.example", "https://evil.example/https://shop.example"],
    ["https://*.shop.example", "https://shop.example"],
    ["https://*.shop.example", "https://.shop.example"],
    ["https://*.shop.example", "https://a.b.shop.example"],
    ["https://*.shop.example", "https://evil.example/.shop.example"],
    ["https://*.shop.example", "https://evil.example:1.shop.example"],
    ["https://*.shop.example", "https://www.shop.example:8443"],
    ["http://localhost:*", "http://localhost"],
    ["http://localhost:*", "http://localhost:"],
    ["http://localhost:*", "http://localhost.evil.example:80"],
    ["http://localhost:*", "http://localhost:evil"],
    ["http://localhost:*", "http://localhost:80evil"],
    ["http://localhost:*", "http://localhost:-1"],
    ["http://localhost:*", "http://localhost:123456"],
    ["http://[::1]:*", "http://[::1]:x"],
    ["https://shop.example", "null"],
    ["https://shop.example", ""],
  ])("do not match: %s does not match %s", async (allowed, origin) => {
    expect(await accepts(allowed, origin)).toBe(false);
  });

  it("match only the listed origin, in any case", async () => {
    const origin = fc.webUrl({ withFragments: false, withQueryParameters: false }).map((url) => new URL(url).origin);
    await fc.assert(
      fc.asyncProperty(origin, origin, async (allowed, other) => {
        expect(await accepts(allowed, allowed.toUpperCase())).toBe(true);
        expect(await accepts(allowed, other)).toBe(allowed === other);
      }),
    );
  });
});

describe("maySendCookie", () => {
  it("accepts only origins of sites with a cookie", () => {
    const { maySendCookie } = lookupOf(
      site("shop", ["https://shop.example"]),
      site("club", ["https://club.example", "https://*.club.example"], { cookie: true }),
    );
    expect(
      ["https://shop.example", "https://club.example", "https://www.club.example", "null"].map(maySendCookie),
    ).toEqual([false, true, true, false]);
  });
});

describe("byReadKey", () => {
  const lookup = lookupOf(site("shop", ["https://shop.example"]), site("blog", ["https://blog.example"]));
  const env = { SHOP_READ_KEY: "shop-secret", BLOG_READ_KEY: "blog-secret" };

  it("finds the tenant by the site's read key", async () => {
    expect((await lookup.byReadKey("blog-secret", env)).site.id).toBe("blog");
  });

  it.each([
    ["an unknown key", "other-secret", env],
    ["the empty key for an empty secret", "", { SHOP_READ_KEY: "" }],
    ["a key whose secret is not set", "shop-secret", {}],
    ["a site's public key", "tm_shop_aaaaaaaa", env],
  ])("rejects %s", async (_, key, secrets) => {
    expect((await errorOf(() => lookup.byReadKey(key, secrets)))?.[0]).toBe("unauthorized");
  });
});
