import { defineConfig } from "@tidemark/collector/config";
import { defaultFeatures } from "@tidemark/schema";

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
  log: { days: 7 },
});
