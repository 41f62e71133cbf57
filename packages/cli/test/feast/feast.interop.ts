import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findOrInstall } from "@tidemark/cli/find-or-install";
import { replay } from "@tidemark/engine";
import { defaultFeatures, type Feature, type FeatureValue, lifetime } from "@tidemark/schema";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../../../../tests/interop/install.ts";
import { eventsOf, logOf } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

/**
 * @shows Feast applies the exported repository, materialises it from the log, serves the values of the engine, and receives pushes
 * @needs Python 3.10 or later with pip, and redis-server, which root installs with apt-get; installs feast 0.67.0 (590 MB) once
 */
const REDIS = {
  name: "Redis",
  variable: "REDIS_SERVER",
  paths: ["/usr/bin/redis-server", "/usr/local/bin/redis-server"],
  apt: "redis-server",
};

const named = { description: 'Of a "test".', unit: "any" } as const;

/** Features that the catalogue does not have: lists of numbers and of both kinds, a custom entity, and one without events. */
const added: Feature[] = [
  {
    ...named,
    ...{ name: "positions", entity: "session", source: "click", window: lifetime() },
    aggregate: { type: "last_n", field: "x", n: 4 },
  },
  {
    ...named,
    ...{ name: "prices", entity: "session", source: "custom", window: lifetime() },
    aggregate: { type: "last_n", field: "properties.price", n: 3 },
  },
  {
    ...named,
    ...{ name: "bought", entity: { name: "product", field: "properties.price" }, source: "custom" },
    ...{ aggregate: { type: "count" }, window: lifetime() },
  },
  {
    ...named,
    ...{ name: "wished", entity: { name: "wish", field: "properties.wish" }, source: "custom" },
    ...{ aggregate: { type: "count" }, window: lifetime() },
  },
];
const features: readonly Feature[] = [...defaultFeatures, ...added];

const SETS = [1, 2].map((version) => ({
  ...{ name: "intent", version, entity: "session" },
  features: version === 1 ? ["click_count"] : ["click_count", "dwell_ms"],
}));

const records = logOf({ features });
const vectors = replay(eventsOf(records), features);
const entities = [...new Set(vectors.map(({ entity }) => entity))];

/** A value as Feast has it: a list that can have numbers is JSON text. */
const feastValue = (name: string, value: FeatureValue | undefined): unknown =>
  ["prices", "positions"].includes(name) ? JSON.stringify(value) : value;

const folder = mkdtempSync(join(tmpdir(), "tidemark-feast-"));
let python: string;
let redis: ChildProcess | undefined;
let redisPort: number;
beforeAll(async () => {
  python = await pythonPackages("feast[redis]==0.67.0");
  redisPort = await getPort();
  const program = findOrInstall(REDIS);
  console.log(execFileSync(program, ["--version"], { encoding: "utf8" }).trim());
  redis = spawn(program, ["--port", `${redisPort}`, "--bind", "127.0.0.1", "--save", "", "--dir", folder], {
    stdio: "ignore",
  });
});
afterAll(() => {
  redis?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({ ...process.env, PYTHONPATH: python, FEAST_USAGE: "False" });

const feast = (repository: string, ...args: string[]): string =>
  execFileSync("python3", ["-W", "ignore", "-m", "feast.cli.cli", ...args], {
    ...{ cwd: repository, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: environment() },
  });

/** Exports the log of which a half is in files. */
const exportTo = async (repository: string): Promise<void> => {
  const server = await serveLog(records);
  await server.cut(records.length / 2);
  const config = configWith(`[...defaultFeatures, ...${JSON.stringify(added)}], featureSets: ${JSON.stringify(SETS)}`);
  const outcome = await runTidemark(deploymentFolder(config), ["feast", "export", repository, "--url", server.url], {
    TIDEMARK_ADMIN_KEY: ADMIN_KEY,
  });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
};

/** The configuration of a store. */
const stores: Record<string, () => string | undefined> = {
  SQLite: () => undefined,
  Redis: () => `{type: redis, connection_string: "127.0.0.1:${redisPort}"}`,
};

const configure = (repository: string, store: string | undefined): void => {
  if (store === undefined) return;
  writeFileSync(
    join(repository, "feature_store.yaml"),
    `project: shop\nregistry: registry.db\nprovider: local\nonline_store: ${store}\noffline_store: {type: file}\nentity_key_serialization_version: 3\nauth: {type: no_auth}\n`,
  );
};

/** Starts Feast's server, and returns its address. */
const serve = async (repository: string): Promise<{ url: string; server: ChildProcess }> => {
  const port = await getPort();
  const args = ["-W", "ignore", "-m", "feast.cli.cli", "serve", "-h", "127.0.0.1", "-p", `${port}`];
  const server = spawn("python3", args, { cwd: repository, stdio: "ignore", env: environment(), detached: true });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/health`).catch(() => undefined))?.ok) {
    if (server.exitCode !== null) throw new Error(`feast serve ended with ${server.exitCode}`);
    await sleep(100);
  }
  return { url, server };
};

const post = async (url: string, body: object): Promise<unknown> => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
};

describe.each(Object.entries(stores))("Feast with %s", (name, storeOf) => {
  const repository = join(folder, name);

  it("applies the repository, and serves the values of the engine", { timeout: 180_000 }, async () => {
    await exportTo(repository);
    configure(repository, storeOf());
    feast(repository, "apply");
    feast(repository, "materialize", "2026-11-28T00:00:00", "2026-12-01T00:00:00");

    const asked = entities.map((entity) => {
      const ids = vectors.filter((vector) => vector.entity === entity).map(({ id }) => id);
      return [`${entity}_features`, { key: `${entity}_id`, ids }] as const;
    });
    const program = fileURLToPath(new URL("interop/online_features.py", import.meta.url));
    const output = execFileSync("python3", ["-B", "-W", "ignore", program, repository], {
      ...{ input: JSON.stringify(Object.fromEntries(asked)), encoding: "utf8", maxBuffer: 2 ** 28 },
      ...{ stdio: ["pipe", "pipe", "inherit"], env: environment() },
    });
    const { version, services, ...views } = JSON.parse(output);
    console.log(`feast ${version}`);
    expect(services).toEqual(["intent", "intent_v1", "intent_v2"]);
    for (const entity of entities) {
      const expected = vectors
        .filter((vector) => vector.entity === entity)
        .map(({ id, features: own }) => ({
          [`${entity}_id`]: id,
          ...Object.fromEntries(Object.entries(own).map(([each, value]) => [each, feastValue(each, value)])),
        }));
      expect(views[`${entity}_features`]).toEqual(expected);
    }
  });

  it("receives pushes of newer vectors", { timeout: 120_000 }, async () => {
    const { url, server } = await serve(repository);
    try {
      const read = async (id: string) => {
        const answer = await post(`${url}/get-online-features`, {
          feature_service: "intent",
          entities: { session_id: [id] },
        });
        const { metadata, results } = answer as {
          metadata: { feature_names: string[] };
          results: { values: unknown[] }[];
        };
        return Object.fromEntries(metadata.feature_names.map((each, index) => [each, results[index]?.values[0]]));
      };
      const {
        id,
        state,
        features: own,
      } = vectors.find(({ entity }) => entity === "session") as (typeof vectors)[number];
      const at = state.event_time as number;
      const push = (time: number, clicks: number) =>
        post(`${url}/push`, {
          push_source_name: "session_push",
          to: "online",
          df: {
            ...Object.fromEntries(Object.entries(own).map(([each, value]) => [each, [feastValue(each, value)]])),
            ...{ session_id: [id], click_count: [clicks] },
            ...{ event_timestamp: [new Date(time).toISOString()], created: [new Date(time).toISOString()] },
          },
        });
      expect(await read(id)).toEqual({ session_id: id, click_count: own.click_count, dwell_ms: own.dwell_ms });
      await push(at + 1_000, 101);
      expect(await read(id)).toMatchObject({ click_count: 101, dwell_ms: own.dwell_ms });
      // Redis keeps the values of the later event.
      await push(at + 500, 102);
      expect(await read(id)).toMatchObject({ click_count: name === "Redis" ? 101 : 102 });
    } finally {
      if (server.pid !== undefined) process.kill(-server.pid);
    }
  });
});
