import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { type ProjectName, projects, type TestProject } from "./vitest.projects.ts";

/** The name and the files of a project, as Vitest takes them. */
const filesOf = (name: ProjectName) => {
  const { include, exclude = [] }: TestProject = projects[name];
  return { name, include, exclude: ["**/node_modules/**", ...exclude] };
};

/** Nothing here measures time: every core runs tests, where Vitest would leave one idle. These projects go first. */
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
        // The first request of a file waits for the runtime to start and to load the Worker.
        test: { ...filesOf("workers"), ...allCores, testTimeout: 30_000 },
      },
      {
        test: {
          ...filesOf("browsers"),
          testTimeout: 60_000,
          // A browser that is not there yet is installed first.
          hookTimeout: 180_000,
          expect: { poll: { timeout: 10_000 } },
          // They mostly wait for what takes its time: a film, a rest of the pointer, an idle visitor.
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
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
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
