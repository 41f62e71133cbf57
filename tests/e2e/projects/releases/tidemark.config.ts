import { defineConfig } from "@tidemark/collector/config";
import { defaultFeatures } from "@tidemark/schema";

export default defineConfig({
  sites: [
    { id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "TIDEMARK_READ_KEY" },
  ],
  adminKeySecret: "TIDEMARK_ADMIN_KEY",
  features: defaultFeatures,
  log: { days: 7 },
});
