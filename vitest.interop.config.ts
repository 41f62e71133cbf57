import { defineConfig } from "vitest/config";
import { INTEROP } from "./vitest.projects.ts";

/** Tests against real servers and tools, which the tests install and start: `pnpm test:interop`. */
export default defineConfig({
  test: {
    reporters: ["default", "./tests/reporter.ts"],
    include: [INTEROP],
    fileParallelism: false,
    // The hooks install missing servers and tools.
    hookTimeout: 900_000,
  },
});
