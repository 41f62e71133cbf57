import { generateKeyPairSync } from "node:crypto";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { type ProjectName, projects, type TestProject } from "./vitest.projects.ts";

/** Returns the name and files of a project, in Vitest's format. */
const filesOf = (name: ProjectName) => {
  const { include, exclude = [] }: TestProject = projects[name];
  return { name, include, exclude: ["**/node_modules/**", ...exclude] };
};

/** A private key of the sinks in tests. */
const privateKey = generateKeyPairSync("rsa", {
  ...{ modulusLength: 2_048, publicKeyEncoding: { type: "spki", format: "pem" } },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).privateKey;

/** Settings of tests that measure no time. They run first, on all cores; Vitest's default leaves one idle. */
const allCores = { maxWorkers: "100%", sequence: { groupOrder: 1 } };

/** Vitest's order of files, but those of `startFirst` before the others of their group. */
class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const isFirst = ({ project: { name }, moduleId }: TestSpecification) =>
      (projects[name as ProjectName] as TestProject).startFirst?.some((file) => moduleId.endsWith(`/${file}`)) ?? false;
    return (await super.sort(files)).sort(
      (one, other) => groupOf(one) - groupOf(other) || Number(isFirst(other)) - Number(isFirst(one)),
    );
  }
}

/** A limit that a test meets on a machine that is busy with other work, too. */
const patient = { expect: { poll: { timeout: 20_000 } } };

export default defineConfig({
  test: {
    reporters: ["default", "./tests/reporter.ts"],
    sequence: { sequencer: Sequencer },
    projects: [
      {
        test: {
          ...filesOf("unit"),
          ...allCores,
          ...patient,
          testTimeout: 30_000,
          // A process takes longer to start and to load the packages than most files.
          isolate: false,
          setupFiles: "./tests/shared-process.ts",
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
                GATE_READ_KEY: "gate-read-key",
                LABS_READ_KEY: "labs-read-key",
                LAKE_READ_KEY: "lake-read-key",
                HOOK_READ_KEY: "hook-read-key",
                HOOK_SECRET_NEW: `whsec_${"bmV3".repeat(8)}`,
                HOOK_SECRET_OLD: `whsec_${"b2xk".repeat(8)}`,
                HALL_READ_KEY: "hall-read-key",
                WAIT_READ_KEY: "wait-read-key",
                HALL_WEBHOOK_SECRET: `whsec_${"a".repeat(32)}`,
                DESK_READ_KEY: "desk-read-key",
                GATE_USER_TOKENS: "gate-user-tokens",
                SHOP_USER_TOKENS: "shop-user-tokens",
                ...Object.fromEntries(
                  Array.from({ length: 120 }, (_, site) => [`SPLIT_${site}_READ_KEY`, `split-${site}`]),
                ),
                CLOUD_PRIVATE_KEY: privateKey,
                CLOUD_CREDENTIALS: JSON.stringify({
                  ...{ private_key_id: "key-1", private_key: privateKey, token_uri: "https://bigquery.example/token" },
                  client_email: "tidemark@shop-analytics.iam.gserviceaccount.com",
                }),
                AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
                AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                CLICKHOUSE_PASSWORD: "secret of the writer",
                POSTGRES_URL: "postgres://writer:secret@db.example.com/shop",
                PROXY_PASSWORD: "secret of the proxy",
                ADMIN_KEY: "admin-key",
              },
            },
          }),
        ],
        // The first request of a file includes the start of the runtime and the Worker.
        test: { ...filesOf("workers"), ...allCores, ...patient, testTimeout: 60_000 },
      },
      {
        test: {
          ...filesOf("browsers"),
          testTimeout: 60_000,
          // The hooks install a missing browser.
          hookTimeout: 180_000,
          ...patient,
          // These tests wait for browsers about half of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...filesOf("e2e"),
          globalSetup: "./tests/e2e/pack-packages.ts",
          // With Vitest's own value, Vite would build the tested programs for development.
          env: { NODE_ENV: "" },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          ...patient,
          // These tests start servers, builds and browsers, which keep several cores busy.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
