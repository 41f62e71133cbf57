import { defineConfig } from "vitest/config";

/** Real servers that are not there everywhere: `npx vitest run --config vitest.interop.config.ts` (see docs/sql.md). */
export default defineConfig({
  test: { include: ["packages/*/test/**/*.interop.ts"], hookTimeout: 60_000 },
});
