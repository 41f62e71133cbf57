import { fileURLToPath } from "node:url";
import { serveUntilInterrupted, startLocalStack } from "@tidemark/cli/local-stack";
import { build } from "vite";

/** `pnpm start`: builds and serves the example, and runs a collector on the real Workers runtime. */
const root = import.meta.dirname;

await serveUntilInterrupted(
  async () => {
    await build({ root, logLevel: "warn" });
    return startLocalStack({
      deployment: fileURLToPath(new URL("../..", import.meta.url)),
      site: `${root}/dist`,
      ports: { collector: 8787, site: 8789 },
      state: `${root}/.wrangler/state`,
    });
  },
  ({ site, collector }) =>
    console.log(`
Tidemark measures the example.

  Example     ${site.origin}
  Collector   ${collector.origin}/healthz

Tick some items and watch the features. Ctrl-C stops everything.`),
);
