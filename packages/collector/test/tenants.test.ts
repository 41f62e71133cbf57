import { type Feature, lifetime } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import type { Site, TidemarkConfig } from "../src/config.ts";
import { createTenants, tenantOf } from "../src/tenants.ts";

const count = { description: "D.", unit: "count", entity: "user", aggregate: { type: "count" } } as const;
const clicks: Feature = { ...count, name: "clicks", source: "click", window: lifetime() };
const hovers: Feature = { ...count, name: "hovers", source: "hover", window: lifetime() };

const site = (id: string, more: Partial<Site> = {}): Site => ({
  id,
  key: `tm_${id}_aaaaaaaa`,
  origins: [`https://${id}.example`],
  readKeySecret: "READ_KEY",
  ...more,
});

const siteFeatures = [hovers];
const config: TidemarkConfig = {
  sites: [
    site("shop"),
    site("blog"),
    site("club", { features: siteFeatures }),
    site("bank", { features: siteFeatures, jurisdiction: "fedramp" }),
  ],
  adminKeySecret: "ADMIN_KEY",
  features: [clicks],
  jurisdiction: "eu",
};

it("the webhook of a tenant is its site's, the deployment's unless the site has one, or none", () => {
  const hook = (url: string) => ({ url, secrets: ["HOOK_SECRET"] });
  const sites = [
    site("shop"),
    site("blog", { webhook: hook("https://blog.example") }),
    site("club", { webhook: false }),
  ];
  const tenants = createTenants({ ...config, sites, webhook: hook("https://shop.example") });
  expect([...tenants.values()].map(({ webhook }) => webhook?.url)).toEqual([
    "https://shop.example",
    "https://blog.example",
    undefined,
  ]);
  expect([...createTenants({ ...config, sites: [site("shop")] }).values()][0]).not.toHaveProperty("webhook");
});

describe("a tenant", () => {
  const tenants = createTenants(config);
  const of = (id: string) => tenantOf(tenants, id);

  it("has its site", () => {
    expect([...tenants.keys()]).toEqual(["shop", "blog", "club", "bank"]);
    for (const [id, tenant] of tenants) expect(tenant.site).toBe(config.sites.find((each) => each.id === id));
  });

  it("has the features and the jurisdiction of the deployment, unless its site configures others", () => {
    const featuresOf = (id: string) => {
      const user = of(id).definitions.rollups.get("user")?.engine;
      return user && Object.keys(user.vector(user.emptyState(), 0));
    };
    expect(["shop", "club", "bank"].map(featuresOf)).toEqual([["clicks"], ["hovers"], ["hovers"]]);
    expect(["shop", "club", "bank"].map((id) => of(id).jurisdiction)).toEqual(["eu", "eu", "fedramp"]);
  });

  it("has no jurisdiction if neither its site nor the deployment has one", () => {
    const { jurisdiction: _, ...anywhere } = config;
    expect(tenantOf(createTenants(anywhere), "shop").jurisdiction).toBeUndefined();
  });

  it("shares compiled definitions with tenants of the same array of features", () => {
    expect(of("shop").definitions).toBe(of("blog").definitions);
    expect(of("club").definitions).toBe(of("bank").definitions);
  });

  it("shares the version of its definitions only with tenants of equal features", () => {
    expect(of("shop").definitions.version).not.toBe(of("club").definitions.version);
    const copied = createTenants({ ...config, features: structuredClone(siteFeatures) });
    expect(tenantOf(copied, "shop").definitions.version).toBe(of("club").definitions.version);
  });

  it("does not exist for an unknown site, which the error names", () => {
    expect(() => of("pub")).toThrow('tidemark.config.ts: sites: there is no site "pub"');
  });
});
