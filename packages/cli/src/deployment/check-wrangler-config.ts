import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { modelsOf } from "@tidemark/collector/config";
import type { Unstable_Config as WranglerConfig } from "wrangler";
import type { Deployment } from "./deployment.ts";
import { readWranglerConfig } from "./wrangler.ts";

/** The Durable Object classes of the collector, by the names of their bindings. */
export const DURABLE_OBJECTS = {
  SESSION: "Session",
  PARTITION: "Partition",
  ENTITY_SHARD: "EntityShard",
  LOG_WRITER: "LogWriter",
  SCHEDULE: "Schedule",
  EGRESS: "Egress",
  METRICS: "Metrics",
};

/** The bindings of the platform's rate limits, with the limited requests. */
const RATE_LIMITS = { BATCH_LIMIT: "batches", SESSION_LIMIT: "new sessions" };

/** The file that identifies the folder of the script tag's assets. */
const SCRIPT_TAG = "tidemark.js";

/** The first compatibility date with RPC: a Worker calls methods of Durable Objects. */
const OLDEST_COMPATIBILITY_DATE = "2024-04-03";

/** Returns the classes that have SQLite storage after all migrations, applied in order. */
const classesWithStorage = (migrations: WranglerConfig["migrations"]): Set<string> => {
  const classes = new Set<string>();
  for (const { new_sqlite_classes = [], renamed_classes = [], deleted_classes = [] } of migrations) {
    for (const name of new_sqlite_classes) classes.add(name);
    for (const { from, to } of renamed_classes) if (classes.delete(from)) classes.add(to);
    for (const name of deleted_classes) classes.delete(name);
  }
  return classes;
};

/** Describes what a deployment's wrangler configuration does not limit: one line for each missing binding. */
export const missingRateLimits = async ({ folder, wranglerConfig }: Deployment): Promise<string[]> => {
  // An older wrangler does not read the field.
  const { ratelimits = [] } = await readWranglerConfig(folder, wranglerConfig);
  return Object.entries(RATE_LIMITS)
    .filter(([binding]) => !ratelimits.some(({ name }) => name === binding))
    .map(
      ([binding, requests]) =>
        `${basename(wranglerConfig)}: ratelimits: no limit of ${requests} from one address; add name = "${binding}"`,
    );
};

/**
 * Returns the problems of a deployment's wrangler configuration: each text names the field, the expected and the given
 * value.
 */
export const wranglerConfigProblems = async ({ config, folder, wranglerConfig }: Deployment): Promise<string[]> => {
  const { main, compatibility_date, durable_objects, migrations, r2_buckets, assets, build } = await readWranglerConfig(
    folder,
    wranglerConfig,
  );
  const problems: string[] = [];
  const expect = (holds: boolean, field: string, expected: string, given: string) => {
    if (!holds) problems.push(`${basename(wranglerConfig)}: ${field}: expected ${expected}; given ${given}`);
  };

  expect(
    main !== undefined && existsSync(main),
    "main",
    "the path of the Worker",
    main ? `${relative(folder, main)}, which does not exist` : "nothing",
  );

  // Without a date, a local collector uses the latest one, and `wrangler deploy` reports that it is missing.
  expect(
    compatibility_date === undefined || compatibility_date >= OLDEST_COMPATIBILITY_DATE,
    "compatibility_date",
    `${OLDEST_COMPATIBILITY_DATE} or later`,
    `${compatibility_date}`,
  );

  const withStorage = classesWithStorage(migrations);
  for (const [binding, className] of Object.entries(DURABLE_OBJECTS)) {
    const given = durable_objects.bindings.find(({ name }) => name === binding)?.class_name;
    expect(
      given === className,
      "durable_objects.bindings",
      `name = "${binding}" with class_name = "${className}"`,
      given ? `class_name = "${given}"` : "nothing",
    );
    expect(withStorage.has(className), "migrations", `"${className}" in new_sqlite_classes of a migration`, "nothing");
  }

  const isLogged = config.sites.some(({ log = config.log }) => log);
  const models = config.sites.flatMap((site) => modelsOf(config, site));
  const hasModels = models.some(({ runs }) => runs.type === "embedded" && runs.key !== undefined);
  expect(
    !(isLogged || hasModels) || r2_buckets.some(({ binding }) => binding === "LOG"),
    "r2_buckets",
    'binding = "LOG" with the bucket_name of the log, because tidemark.config.ts has a log or models in it',
    "nothing",
  );

  const directory = assets?.directory;
  // A build command creates the folder before each start and each deployment.
  const hasAssets =
    directory !== undefined &&
    (Boolean(build.command) || existsSync(join(dirname(wranglerConfig), directory, SCRIPT_TAG)));
  expect(
    hasAssets,
    "assets.directory",
    `a folder with ${SCRIPT_TAG}, such as node_modules/@tidemark/collector/dist/assets`,
    directory ? `${directory}, which has no ${SCRIPT_TAG}` : "nothing",
  );
  return problems;
};
