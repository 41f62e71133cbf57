import { defineConfig } from "vitest/config";
import { INTEROP } from "./vitest.projects.ts";

/** Tests against real servers, which they install and start themselves: `pnpm test:interop`. */
export default defineConfig({
  test: {
    reporters: ["default", "./tests/reporter.ts"],
    include: [INTEROP],
    fileParallelism: false,
    // The tests first install the servers that are missing.
    hookTimeout: 900_000,
  },
});
