import { defineConfig } from "@tidemark/collector/config";
import { defaultFeatures, defineFeatures, lifetime } from "@tidemark/schema";

/** Features of a custom entity: the names of clicked elements. */
const elementFeatures = defineFeatures([
  {
    name: "element_clicks",
    description: "Clicks on elements of this name.",
    unit: "count",
    entity: { name: "element", field: "target.name" },
    source: "click",
    aggregate: { type: "count" },
    window: lifetime(),
  },
]);

/** The deployment of the soak: three sites with a log. */
export default defineConfig({
  sites: ["shop", "news", "club"].map((id) => ({
    id,
    key: `tm_${id}_soaksoak`,
    origins: [`https://${id}.example`],
    readKeySecret: `${id.toUpperCase()}_READ_KEY`,
  })),
  adminKeySecret: "TIDEMARK_ADMIN_KEY",
  features: [...defaultFeatures, ...elementFeatures],
  log: { days: 7 },
});
