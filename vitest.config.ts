import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { type ProjectName, projects, type TestProject } from "./vitest.projects.ts";

/** The name and the files of a project, as Vitest takes them. */
const filesOf = (name: ProjectName) => {
  const { include, exclude = [] }: TestProject = projects[name];
  return { name, include, exclude: ["**/node_modules/**", ...exclude] };
};

/** For tests that measure no time: they run first, on every core, where Vitest would leave one idle. */
const allCores = { maxWorkers: "100%", sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    reporters: ["default", "./tests/reporter.ts"],
    projects: [
      { test: { ...filesOf("unit"), ...allCores, testTimeout: 20_000 } },
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
        // The first request of a file includes the start of the runtime and the load of the Worker.
        test: { ...filesOf("workers"), ...allCores, testTimeout: 30_000 },
      },
      {
        test: {
          ...filesOf("browsers"),
          testTimeout: 60_000,
          // A browser that is not there yet is installed first.
          hookTimeout: 180_000,
          expect: { poll: { timeout: 10_000 } },
          // These tests mostly wait: for a film to play, a pointer to rest, a visitor to become idle.
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...filesOf("e2e"),
          // The tests start programs as a user does. With Vitest's own value, Vite would build them for development.
          env: { NODE_ENV: "" },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 10_000 } },
          fileParallelism: false,
          // After the others: some of these measure time.
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
