import { defineConfig } from "vitest/config";

/** Tests that run for minutes: `pnpm test:long`. */
export default defineConfig({
  test: {
    reporters: ["default", "./tests/reporter.ts"],
    include: ["{packages/*/test,tests,bench}/**/*.long.ts"],
    env: { NODE_ENV: "" },
    fileParallelism: false,
    hookTimeout: 180_000,
    testTimeout: 900_000,
  },
});
