import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { type ProjectName, projects, type TestProject } from "./vitest.projects.ts";

/** The name and the files of a project, as Vitest takes them. */
const filesOf = (name: ProjectName) => {
  const { include, exclude = [] }: TestProject = projects[name];
  return { name, include, exclude: ["**/node_modules/**", ...exclude] };
};

export default defineConfig({
  test: {
    reporters: ["default", "./tests/reporter.ts"],
    projects: [
      { test: filesOf("unit") },
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
        test: { ...filesOf("workers"), testTimeout: 30_000 },
      },
      {
        test: {
          ...filesOf("e2e"),
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
          ...filesOf("browsers"),
          testTimeout: 60_000,
          // A browser that is not there yet is installed first.
          hookTimeout: 180_000,
          expect: { poll: { timeout: 10_000 } },
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
