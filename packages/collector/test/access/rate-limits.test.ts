import { describe, expect, it, vi } from "vitest";
import { createRateLimits } from "../../src/access/rate-limits.ts";
import type { Env } from "../../src/env.ts";
import { createTenants, tenantOf } from "../../src/tenants.ts";

const siteOf = (id: string) => ({ id, key: `tm_${id}_aaaaaaaa`, origins: ["https://a.example"], readKeySecret: "KEY" });
const tenants = createTenants({ sites: [siteOf("shop"), siteOf("blog")], adminKeySecret: "ADMIN_KEY", features: [] });
const shop = tenantOf(tenants, "shop");
const blog = tenantOf(tenants, "blog");

/** A limit that allows some calls with each key. */
const limitOf = (most: number) => {
  const counts = new Map<string, number>();
  return {
    async limit({ key }: RateLimitOptions) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= most };
    },
  };
};

const envWith = (bound: Pick<Env, "BATCH_LIMIT" | "SESSION_LIMIT">) => bound as Env;

describe("the limit of batches", () => {
  it("counts each site and address by itself", async () => {
    const { countRequest } = createRateLimits();
    const env = envWith({ BATCH_LIMIT: limitOf(2) });
    const tooMany = { code: "too_many_requests", status: 429 };
    for (const _ of [1, 2]) await countRequest(env, shop, "192.0.2.1");
    await expect(countRequest(env, shop, "192.0.2.1")).rejects.toMatchObject(tooMany);
    await countRequest(env, shop, "192.0.2.2");
    await countRequest(env, blog, "192.0.2.1");
  });

  it.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", true],
    ["2001:db8::1", "2001:db8:0:0:ffff::", true],
    ["::1", "::2", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["2001:db8::1:0:0:0:1", "2001:db8::2:0:0:0:1", false],
  ])("counts IPv6 addresses by their first 64 bits: %s and %s together: %s", async (one, other, together) => {
    const { countRequest } = createRateLimits();
    const env = envWith({ BATCH_LIMIT: limitOf(1) });
    await countRequest(env, shop, one);
    const second = countRequest(env, shop, other).then(
      () => false,
      () => true,
    );
    expect(await second).toBe(together);
  });

  it("limits nothing without the binding or an address", async () => {
    const { countRequest, countSession, mayBeginSession } = createRateLimits();
    for (const _ of [1, 2, 3]) {
      await countRequest(envWith({}), shop, "192.0.2.1");
      await countRequest(envWith({ BATCH_LIMIT: limitOf(1) }), shop, undefined);
      await countSession(envWith({}), shop, "192.0.2.1");
      await countSession(envWith({ SESSION_LIMIT: limitOf(0) }), shop, undefined);
    }
    expect(mayBeginSession(shop, "192.0.2.1")).toBe(true);
    expect(mayBeginSession(shop, undefined)).toBe(true);
  });
});

describe("the limit of new sessions", () => {
  it("lets an address begin no more for ten seconds, and others begin theirs", async () => {
    const now = vi.spyOn(Date, "now").mockReturnValue(1_000_000);
    const { countSession, mayBeginSession } = createRateLimits();
    const env = envWith({ SESSION_LIMIT: limitOf(2) });
    for (const _ of [1, 2]) await countSession(env, shop, "192.0.2.1");
    expect(mayBeginSession(shop, "192.0.2.1")).toBe(true);
    await countSession(env, shop, "192.0.2.1");
    expect(mayBeginSession(shop, "192.0.2.1")).toBe(false);
    expect(mayBeginSession(shop, "192.0.2.2")).toBe(true);
    expect(mayBeginSession(blog, "192.0.2.1")).toBe(true);
    now.mockReturnValue(1_010_000);
    expect(mayBeginSession(shop, "192.0.2.1")).toBe(true);
    now.mockRestore();
  });
});
