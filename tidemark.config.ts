import { defineConfig } from "@tidemark/collector/config";
import { defaultFeatures } from "@tidemark/schema";

export default defineConfig({
  sites: [
    {
      id: "demo",
      key: "tm_demo_3f9c1e7ab2d84056",
      origins: ["http://localhost:*", "http://127.0.0.1:*"],
      readKeySecret: "TIDEMARK_READ_KEY",
    },
  ],
  adminKeySecret: "TIDEMARK_ADMIN_KEY",
  features: defaultFeatures,
});
