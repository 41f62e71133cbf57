import { defineConfig, defineReaction } from "@tidemark/collector/config";
import { defaultFeatures } from "@tidemark/schema";

export default defineConfig({
  sites: [
    { id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "TIDEMARK_READ_KEY" },
  ],
  adminKeySecret: "TIDEMARK_ADMIN_KEY",
  features: defaultFeatures,
  goals: [{ name: "visit", source: "page_view" }],
  log: { days: 7 },
  webhook: { url: "https://shop.example/hook", secrets: ["SHOP_WEBHOOK"] },
  reactions: [
    defineReaction({
      name: "purchase",
      entity: "session",
      when: { op: "gt", left: { feature: "custom_event_count" }, right: 0 },
      once: true,
      expiresMs: 60_000,
      to: ["webhook"],
      holdout: 0,
    }),
  ],
});
