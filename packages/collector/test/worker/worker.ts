import { sessionFeatures } from "@tidemark/schema";
import { featuresOf } from "@tidemark/schema/derivation";
import { createApp } from "../../src/app.ts";
import { defineConfig } from "../../src/config.ts";
import { definitionVersionOf } from "../../src/definition-version.ts";
import { createEngine } from "../../src/engine/engine.ts";

export { Metrics } from "../../src/metrics/metrics.ts";

import { SessionObject } from "../../src/session/session.ts";

/** A deployment with two sites, to see that neither reaches the other's. */
const config = defineConfig({
  sites: [
    {
      id: "shop",
      key: "tm_shop_aaaaaaaa",
      origins: ["https://shop.example", "https://*.shop.example"],
      readKeySecret: "SHOP_READ_KEY",
    },
    { id: "blog", key: "tm_blog_bbbbbbbb", origins: ["http://localhost:*"], readKeySecret: "BLOG_READ_KEY" },
  ],
  adminKeySecret: "ADMIN_KEY",
  features: sessionFeatures,
});

const definitionVersion = definitionVersionOf(config.features);
const engine = createEngine(featuresOf(config.features, "session"));

export class Session extends SessionObject {
  protected readonly engine = engine;
  protected readonly definitionVersion = definitionVersion;
}

export default createApp(config, definitionVersion);
