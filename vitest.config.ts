import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/**
 * Four rooms: pure code in Node, the collector in the Workers runtime, everything together in a real browser, and the SDK
 * by itself in every engine.
 */
export default defineConfig({
  test: {
    reporters: ["default", "./tests/tally.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/schema/test/**/*.test.ts",
            "packages/sdk/test/**/*.test.ts",
            "packages/engine/test/**/*.test.ts",
            "packages/collector/test/**/!(*.workers).test.ts",
            "tests/*.test.ts",
          ],
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: "./packages/collector/test/workers/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                SHOP_READ_KEY: "shop-read-key",
                BLOG_READ_KEY: "blog-read-key",
                CLUB_READ_KEY: "club-read-key",
                BANK_READ_KEY: "bank-read-key",
                NEWS_READ_KEY: "news-read-key",
                ADMIN_KEY: "admin-key",
              },
            },
          }),
        ],
        // The first request of a file waits for the runtime to start and to load the Worker.
        test: { name: "worker", include: ["packages/collector/test/**/*.workers.test.ts"], testTimeout: 30_000 },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/{delivery,e2e,react}/**/*.test.ts"],
          // What they start is what a user starts, and no test: Vite would build it for development.
          env: { NODE_ENV: "" },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 10_000 } },
          fileParallelism: false,
          // After the others: these measure time, and want the machine for themselves.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "engines",
          include: ["tests/{script-tag,signals}/**/*.test.ts"],
          testTimeout: 60_000,
          // A browser that is not there yet is installed first.
          hookTimeout: 180_000,
          expect: { poll: { timeout: 10_000 } },
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
