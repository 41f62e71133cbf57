import { defaultFeatures, defineFeatures, lifetime, session } from "@tidemark/schema";
import { defineConfig } from "../../src/config.ts";
import { createCollector } from "../../src/index.ts";
import type { Push, RollupKey } from "../../src/rollup/push.ts";
import { RollupObject } from "../../src/rollup/rollup.ts";
import { createTenants, tenantOf } from "../../src/tenants.ts";

const product = {
  entity: { name: "product", field: "properties.sku" },
  source: "custom",
  unit: "EUR",
  window: lifetime(),
} as const;

/** Features of a custom entity. */
const productFeatures = defineFeatures([
  { ...product, name: "product_events", description: "Events.", aggregate: { type: "count" } },
  {
    ...product,
    name: "product_worth",
    description: "Sum of the prices.",
    aggregate: { type: "sum", field: "properties.price" },
  },
  {
    ...product,
    name: "product_last_price",
    description: "The latest price.",
    aggregate: { type: "last", field: "properties.price" },
  },
  {
    ...product,
    name: "product_last_buyer",
    description: "The latest user.",
    aggregate: { type: "last", field: "user_id" },
  },
]);

/** Features of one site only. */
const newsFeatures = defineFeatures([
  {
    name: "stories",
    description: "Events.",
    unit: "count",
    entity: "session",
    source: "custom",
    aggregate: { type: "count" },
    window: session(),
  },
  {
    name: "author_stories",
    description: "Events.",
    unit: "count",
    entity: { name: "author", field: "properties.author" },
    source: "custom",
    aggregate: { type: "count" },
    window: lifetime(),
  },
]);

/** A deployment with several sites, which must not reach the data of each other, and have different policies. */
export const config = defineConfig({
  sites: [
    {
      id: "shop",
      key: "tm_shop_aaaaaaaa",
      origins: ["https://shop.example", "https://*.shop.example"],
      readKeySecret: "SHOP_READ_KEY",
    },
    { id: "blog", key: "tm_blog_bbbbbbbb", origins: ["http://localhost:*"], readKeySecret: "BLOG_READ_KEY" },
    {
      id: "club",
      key: "tm_club_cccccccc",
      origins: ["https://club.example"],
      readKeySecret: "CLUB_READ_KEY",
      globalPrivacyControl: "ignore",
      cookie: true,
    },
    {
      id: "bank",
      key: "tm_bank_dddddddd",
      origins: ["https://bank.example"],
      readKeySecret: "BANK_READ_KEY",
      requireConsent: true,
      cookie: true,
    },
    {
      id: "news",
      key: "tm_news_eeeeeeee",
      origins: ["https://news.example"],
      readKeySecret: "NEWS_READ_KEY",
      features: newsFeatures,
      jurisdiction: "eu",
    },
  ],
  adminKeySecret: "ADMIN_KEY",
  features: [...defaultFeatures, ...productFeatures],
});

const tenants = createTenants(config);

/** Returns the tenant of a site. */
export const tenant = (site: string) => tenantOf(tenants, site);

const { handlers, Metrics, Session } = createCollector(config);

export { handlers as default, Metrics, Session };

/** A fault of a call to a shard: the request is lost, or the shard applies it and the response is lost. */
export type Fault = "lose_request" | "lose_response";

/** All pushes sent to shards, and the fault that a test injects into a call. */
export const traffic = {
  pushes: [] as { session: string; push: Push }[],
  fault: (_session: string, _keys: RollupKey[]): Fault | undefined => undefined,
};

export class Rollup extends RollupObject {
  protected override readonly tenants = tenants;

  override async apply(site: string, session: string, text: string): Promise<number> {
    const pushes = JSON.parse(text) as Push[];
    traffic.pushes.push(...pushes.map((push) => ({ session, push })));
    const fault = traffic.fault(
      session,
      pushes.flatMap(({ deltas }) => Object.keys(deltas) as RollupKey[]),
    );
    if (fault === "lose_request") throw new Error("the shard cannot be reached");
    const depth = await super.apply(site, session, text);
    if (fault === "lose_response") throw new Error("the response is lost");
    return depth;
  }
}
