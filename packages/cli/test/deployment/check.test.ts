import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkDeployment } from "../../src/deployment/check-deployment.ts";
import { openDeployment } from "../../src/deployment/deployment.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

const INSTALLED = fileURLToPath(new URL("../../../../node_modules", import.meta.url));

const feature = (source: string) => `{
  name: "clicks", description: "Clicks.", unit: "count", entity: "session",
  source: "${source}", aggregate: { type: "count" }, window: { type: "session" },
}`;

const configWith = (source: string, key = "tm_shop_aaaaaaaa") => `
  import { defineConfig } from "@tidemark/collector/config";
  export default defineConfig({
    sites: [{ id: "shop", key: "${key}", origins: ["https://shop.example"], readKeySecret: "SHOP_KEY" }],
    adminKeySecret: "ADMIN_KEY",
    features: [${feature(source)}],
  });`;

const WRANGLER = `
name = "collector"
main = "worker.ts"
compatibility_date = "2026-11-01"

[assets]
directory = "assets"

[[durable_objects.bindings]]
name = "SESSION"
class_name = "Session"

[[durable_objects.bindings]]
name = "PARTITION"
class_name = "Partition"

[[durable_objects.bindings]]
name = "ENTITY_SHARD"
class_name = "EntityShard"

[[durable_objects.bindings]]
name = "LOG_WRITER"
class_name = "LogWriter"

[[durable_objects.bindings]]
name = "SCHEDULE"
class_name = "Schedule"

[[durable_objects.bindings]]
name = "EGRESS"
class_name = "Egress"

[[durable_objects.bindings]]
name = "METRICS"
class_name = "Metrics"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Session", "EntityShard", "LogWriter", "Partition", "Schedule", "Egress", "Metrics"]
`;

const FILES = {
  "package.json": '{ "type": "module" }',
  "tidemark.config.ts": configWith("click"),
  "worker.ts": "",
  "wrangler.toml": WRANGLER,
  "assets/tidemark.js": "",
};

/**
 * Creates the folder of a deployment with these files.
 *
 * @param subfolder Subfolder of a temporary folder, such as `a/`.
 */
const createDeployment = (files: Record<string, string>, subfolder = ""): string => {
  const paths = Object.entries(files).map(([name, text]) => [`${subfolder}${name}`, text]);
  const folder = join(temporaryFolder(Object.fromEntries(paths)), subfolder);
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["@tidemark", "wrangler"]) symlinkSync(join(INSTALLED, name), join(folder, "node_modules", name));
  return folder;
};

/** Checks a deployment with these files, and returns the summary or the error's message. */
const check = async (files: Record<string, string>) => {
  const folder = createDeployment(files);
  try {
    return await checkDeployment(await openDeployment(folder));
  } catch (error) {
    return (error as Error).message.replaceAll(folder, "here");
  }
};

const without = (name: keyof typeof FILES) =>
  Object.fromEntries(Object.entries(FILES).filter(([each]) => each !== name));

// The first test loads wrangler, which takes seconds.
describe("checkDeployment", { timeout: 30_000 }, () => {
  it("summarizes a valid deployment", async () => {
    const summary = await check(FILES);
    expect(summary).toContain("tidemark.config.ts and wrangler.toml are valid.");
    expect(summary).toContain("site shop   1 feature: 1 session");
  });

  it("names the reactions of a site", async () => {
    const reactions = `[{ name: "help", entity: "session", when: { op: "gte", left: { feature: "clicks" }, right: 3 },
      once: true, expiresMs: 60_000, to: ["page"], holdout: 0 }]`;
    const bucket = `[[r2_buckets]]\nbinding = "LOG"\nbucket_name = "shop"\n`;
    const config = configWith("click").replace("features:", `log: { days: 1 }, reactions: ${reactions}, features:`);
    expect(await check({ ...FILES, "tidemark.config.ts": config, "wrangler.toml": `${WRANGLER}${bucket}` })).toContain(
      "1 session; 1 reaction: help",
    );
  });

  it("names missing rate limits, which are no error", async () => {
    const limit = (name: string) =>
      `[[ratelimits]]\nname = "${name}"\nnamespace_id = "1001"\nsimple = { limit = 600, period = 10 }\n`;
    expect(await check(FILES)).toMatch(
      /wrangler\.toml: ratelimits: no limit of batches from one address; add name = "BATCH_LIMIT"\nwrangler\.toml: ratelimits: no limit of new sessions from one address; add name = "SESSION_LIMIT"$/,
    );
    const both = `${WRANGLER}${limit("BATCH_LIMIT")}${limit("SESSION_LIMIT")}`;
    expect(await check({ ...FILES, "wrangler.toml": both })).not.toContain("ratelimits");
  });

  it("names models that do not run, which are no error", async () => {
    const models = (hash: string) => `
      featureSets: [{ name: "counts", version: 1, entity: "session", features: ["clicks"] }],
      models: [{ name: "purchase", version: 1, set: "counts:1", setHash: "${hash}",
        runs: { type: "http", url: "https://models.example", response: "score" } },
        { name: "other", version: 1, set: "counts:1", runs: { type: "embedded", file: {} } }],`;
    const config = configWith("click").replace("features:", `${models("000000000000")} features:`);
    const summary = await check({ ...FILES, "tidemark.config.ts": config });
    expect(summary).toMatch(/^Model purchase version 1 does not run: setHash: expected 000000000000/m);
    expect(summary).toMatch(/^Model other version 1 does not run: model file: .*expected JSON of tidemark-models/m);
    const [, hash = ""] = /given ([0-9a-f]{12})/.exec(summary) ?? [];
    const restored = configWith("click").replace("features:", `${models(hash)} features:`);
    expect(await check({ ...FILES, "tidemark.config.ts": restored })).not.toContain("Model purchase");
  });

  it("names the missing files of a folder", async () => {
    const rest = "Run tidemark in the folder of these files.";
    expect(await check(without("tidemark.config.ts"))).toBe(
      `here is not the folder of a deployment: it has no tidemark.config.ts. ${rest}`,
    );
    expect(await check({})).toContain("no tidemark.config.ts and no wrangler.toml (or wrangler.json, wrangler.jsonc)");
    expect(await check(without("worker.ts"))).toBe(
      "wrangler.toml: main: expected the path of the Worker; given worker.ts, which does not exist",
    );
  });

  it("names the feature or site, the field and the expected value of an invalid configuration", async () => {
    expect(await check({ ...FILES, "tidemark.config.ts": configWith("tap") })).toMatch(
      /^tidemark\.config\.ts: feature clicks: source: .*"click".*; given "tap"$/,
    );
    expect(await check({ ...FILES, "tidemark.config.ts": configWith("click", "tm_blog_aaaaaaaa") })).toBe(
      'tidemark.config.ts: site "shop": key: expected tm_shop_ and 8 or more letters or digits; given "tm_blog_aaaaaaaa"',
    );
  });

  it("names the cause when a configuration cannot be loaded", async () => {
    const loading = (text: string) => check({ ...FILES, "tidemark.config.ts": text });
    expect(await loading("export const config = {};")).toBe(
      "tidemark.config.ts: expected `export default defineConfig({ … })`; given no default export",
    );
    expect(await loading('import "nowhere";')).toContain(
      "tidemark.config.ts cannot be loaded: Cannot find package 'nowhere'",
    );
  });

  // In a separate process: stack traces of Vitest's module loader lack these locations.
  it.each([
    ["\nconst = 5;", "(tidemark.config.ts:2)"],
    ['import "./sites.ts";', "no site (sites.ts:1)"],
    ['\nthrow new Error("no secret");', "no secret (tidemark.config.ts:2)"],
    ['\n\nJSON.parse("{");', "(tidemark.config.ts:3)"],
    ['throw "no secret";', "no secret"],
    ["throw undefined;", "undefined"],
  ])("names the location where a configuration does not parse or throws: %j", (text, message) => {
    const files = { ...FILES, "tidemark.config.ts": text, "sites.ts": 'throw new Error("no site");' };
    const folder = createDeployment(files, "é à b/");
    const { stderr, status } = spawnSync(process.execPath, [MAIN, "config", "check"], {
      cwd: folder,
      encoding: "utf8",
    });
    const [problem, ...more] = stderr.trim().split("\n");
    expect(problem).toMatch(/^tidemark\.config\.ts cannot be loaded: /);
    expect(problem?.slice(-message.length)).toBe(message);
    expect(more).toEqual([]);
    expect(status).toBe(1);
  });

  it("validates a configuration that was not passed to defineConfig", async () => {
    expect(await check({ ...FILES, "tidemark.config.ts": "export default { sites: [], features: [] };" })).toContain(
      "tidemark.config.ts: adminKeySecret: expected the name of an environment variable",
    );
  });

  it.each([
    [
      'name = "PARTITION"',
      'name = "PARTITIONS"',
      'durable_objects.bindings: expected name = "PARTITION" with class_name = "Partition"; given nothing',
    ],
    [
      'class_name = "Session"',
      'class_name = "Sessions"',
      'durable_objects.bindings: expected name = "SESSION" with class_name = "Session"; given class_name = "Sessions"',
    ],
    [
      'compatibility_date = "2026-11-01"',
      'compatibility_date = "2024-04-02"',
      "compatibility_date: expected 2024-04-03 or later; given 2024-04-02",
    ],
    [
      'new_sqlite_classes = ["Session", "EntityShard", "LogWriter", "Partition", "Schedule", "Egress", "Metrics"]',
      'new_sqlite_classes = ["Session", "EntityShard", "LogWriter", "Partition", "Schedule", "Egress", "Metrics"]\n[[migrations]]\ntag = "v2"\ndeleted_classes = ["Partition"]',
      'migrations: expected "Partition" in new_sqlite_classes of a migration; given nothing',
    ],
    [
      'new_sqlite_classes = ["Session", "EntityShard", "LogWriter", "Partition", "Schedule", "Egress", "Metrics"]',
      'new_sqlite_classes = ["Session", "EntityShard", "LogWriter", "Partition", "Schedule", "Egress", "Metrics"]\n[[migrations]]\ntag = "v2"\nrenamed_classes = [{ from = "Partition", to = "Parted" }]',
      'migrations: expected "Partition" in new_sqlite_classes of a migration; given nothing',
    ],
    [', "Metrics"]', "]", 'migrations: expected "Metrics" in new_sqlite_classes of a migration; given nothing'],
    [
      'directory = "assets"',
      'directory = "public"',
      "assets.directory: expected a folder with tidemark.js, such as node_modules/@tidemark/collector/dist/assets; given public, which has no tidemark.js",
    ],
  ])("names the wrong field of wrangler.toml: %s", async (from, to, problem) => {
    expect(await check({ ...FILES, "wrangler.toml": WRANGLER.replace(from, to) })).toBe(`wrangler.toml: ${problem}`);
  });

  it("needs a bucket for the file of a model in it", async () => {
    const models = `
      featureSets: [{ name: "clicks", version: 1, entity: "session", features: ["clicks"] }],
      models: [{ name: "buys", version: 1, set: "clicks:1", runs: embedded({ key: "models/buys-1.json" }) }],`;
    const config = configWith("click")
      .replace("{ defineConfig }", "{ defineConfig, embedded }")
      .replace("adminKeySecret", `${models}\n    adminKeySecret`);
    const files = { ...FILES, "tidemark.config.ts": config };
    expect(await check(files)).toBe(
      'wrangler.toml: r2_buckets: expected binding = "LOG" with the bucket_name of the log, because tidemark.config.ts has a log or models in it; given nothing',
    );
    const bucket = '[[r2_buckets]]\nbinding = "LOG"\nbucket_name = "shop"\n';
    expect(await check({ ...files, "wrangler.toml": `${WRANGLER}${bucket}` })).toContain("are valid");
  });

  it("accepts a class that migrations rename, or delete and create again", async () => {
    const migrated = `${WRANGLER.replace('"Partition", "Metrics"]', '"Parted", "Metrics"]')}
[[migrations]]
tag = "v2"
renamed_classes = [{ from = "Parted", to = "Partition" }]
deleted_classes = ["Metrics"]

[[migrations]]
tag = "v3"
new_sqlite_classes = ["Metrics"]
`;
    expect(await check({ ...FILES, "wrangler.toml": migrated })).toContain("are valid");
  });

  it("names the file and the line of a wrangler configuration that does not parse", async () => {
    expect(await check({ ...FILES, "wrangler.toml": 'name = "a"\n[[[' })).toMatch(/^wrangler\.toml:2: Invalid TOML/);
    const { "wrangler.toml": _, ...others } = FILES;
    expect(await check({ ...others, "wrangler.jsonc": "{\n  name\n}" })).toMatch(/^wrangler\.jsonc:2: /);
  });

  it("reads wrangler.jsonc", async () => {
    const { "wrangler.toml": _, ...others } = FILES;
    const objects = [
      { name: "SESSION", class_name: "Session" },
      { name: "PARTITION", class_name: "Partition" },
      { name: "ENTITY_SHARD", class_name: "EntityShard" },
      { name: "LOG_WRITER", class_name: "LogWriter" },
      { name: "SCHEDULE", class_name: "Schedule" },
      { name: "EGRESS", class_name: "Egress" },
      { name: "METRICS", class_name: "Metrics" },
    ];
    const config = {
      ...{ name: "collector", main: "worker.ts", compatibility_date: "2026-11-01", assets: { directory: "assets" } },
      durable_objects: { bindings: objects },
      migrations: [{ tag: "v1", new_sqlite_classes: objects.map(({ class_name }) => class_name) }],
    };
    expect(await check({ ...others, "wrangler.jsonc": `// mine\n${JSON.stringify(config)}` })).toContain("are valid");
  });
});
