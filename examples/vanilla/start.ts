import { build } from "vite";
import { interrupted } from "../../scripts/interrupted.ts";
import { startStack } from "../../scripts/stack.ts";

/** Builds the example, and serves it beside a collector on the real Workers runtime, until it is told to end. */
const root = import.meta.dirname;
await build({ root, logLevel: "warn" });
const stack = await startStack({
  ports: { collector: 8787, site: 8789 },
  folder: `${root}/dist`,
  state: `${root}/.wrangler/state`,
});
console.log(`
Tidemark measures the example.

  Example     ${stack.site.origin}
  Collector   ${stack.collector.origin}/healthz

Tick a few things and watch what the collector knows. Ctrl-C stops everything.`);
await interrupted();
await stack.stop();
