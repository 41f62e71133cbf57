import { defineConfig } from "vitest/config";

/** Tests against real servers, which they install and start themselves: `pnpm test:interop`. */
export default defineConfig({
  test: {
    reporters: ["default", "./tests/reporter.ts"],
    include: ["{packages/*/test,tests}/**/*.interop.ts"],
    fileParallelism: false,
    // What is not there yet is installed first.
    hookTimeout: 900_000,
  },
});
