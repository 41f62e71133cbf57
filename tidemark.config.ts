import { defineConfig, defineModel, defineReaction, embedded } from "@tidemark/collector/config";
import { defaultFeatures, defineFeatureSet, defineGoal } from "@tidemark/schema";
import purchase from "./examples/training/purchase.json" with { type: "json" };

export default defineConfig({
  sites: [
    {
      id: "demo",
      key: "tm_demo_3f9c1e7ab2d84056",
      // This machine, and any IPv4 address, for a phone that opens a demo with `--host` in the same network.
      origins: ["http://localhost:*", "http://*.*.*.*:*"],
      readKeySecret: "TIDEMARK_READ_KEY",
    },
  ],
  adminKeySecret: "TIDEMARK_ADMIN_KEY",
  features: defaultFeatures,
  goals: [
    defineGoal({
      name: "basket",
      source: "custom",
      where: [{ field: "name", is: "eq", value: "add_to_basket" }],
    }),
  ],
  featureSets: [
    defineFeatureSet({
      name: "purchase_intent",
      version: 1,
      entity: "session",
      features: ["engagement_score", "page_view_count", "dwell_ms", "scroll_depth_max", "click_count", "hover_count"],
    }),
  ],
  models: [
    defineModel({
      name: "purchase",
      version: 1,
      set: "purchase_intent:1",
      runs: embedded(purchase),
      when: "on_change",
    }),
  ],
  reactions: [
    // The visitor rested the pointer on two things without a click, and will probably leave without buying.
    defineReaction({
      name: "hesitation",
      entity: "session",
      when: {
        op: "and",
        left: {
          op: "gte",
          left: { op: "subtract", left: { feature: "hover_count" }, right: { feature: "hover_click_count" } },
          right: 2,
        },
        right: { op: "lt", left: { feature: "prediction.purchase" }, right: 0.5 },
      },
      once: true,
      expiresMs: 10 * 60_000,
      payload: { message: "Not sure yet? We can suggest something." },
      to: ["page"],
      // A demo has too few sessions to compare.
      holdout: 0,
    }),
  ],
  log: { days: 7 },
});
