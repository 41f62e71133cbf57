import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findOrInstall } from "@tidemark/cli/find-or-install";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { replay } from "@tidemark/engine";
import { type AggregateFeature, defaultFeatures, type Feature, type FeatureValue, lifetime } from "@tidemark/schema";
import { withReads } from "@tidemark/schema/derivation-order";
import { featuresOf } from "@tidemark/schema/entities";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../../../../tests/interop/install.ts";
import { firstSessionEvents } from "../../../engine/test/session-events.ts";
import { eventsOf, logOf } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

/**
 * @shows Feast applies the exported repository, materialises it from the log, serves the values of the engine and of a collector's routes, and receives pushes
 * @needs Python 3.10 or later with pip, and redis-server, which root installs with apt-get; installs feast 0.67.0 (590 MB) once
 */
const REDIS = {
  name: "Redis",
  variable: "REDIS_SERVER",
  paths: ["/usr/bin/redis-server", "/usr/local/bin/redis-server"],
  apt: "redis-server",
};

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

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

/** Reads all features of entities with Feast's own library: the rows of each view. */
const readOnline = (repository: string, asked: Record<string, { key: string; ids: readonly string[] }>) => {
  const program = fileURLToPath(new URL("interop/online_features.py", import.meta.url));
  const output = execFileSync("python3", ["-B", "-W", "ignore", program, repository], {
    ...{ input: JSON.stringify(asked), encoding: "utf8", maxBuffer: 2 ** 28 },
    ...{ stdio: ["pipe", "pipe", "inherit"], env: environment() },
  });
  return JSON.parse(output);
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
    const { version, services, ...views } = readOnline(repository, Object.fromEntries(asked));
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

/** Names of the features whose values change without an event. */
const changing = new Set<string>();
for (const feature of defaultFeatures as readonly Feature[])
  if ("aggregate" in feature) {
    const { aggregate, window } = feature as AggregateFeature;
    const isOfTime = ["decayed_count", "time_since_last"].includes(aggregate.type);
    if (isOfTime || ["tumbling", "hopping", "cumulative"].includes(window.type)) changing.add(feature.name);
  }

const isStable = ({ name }: Feature): boolean =>
  withReads(defaultFeatures, new Set([name])).every((read) => !changing.has(read.name));

describe("Feast, beside a collector", () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await startLocalStack({ deployment: ROOT, site: join(ROOT, "examples/script-tag") });
  });
  afterAll(() => stack?.stop());

  /** Sends a session of generated events. Returns the ids of its entities. */
  const send = async (seed: number): Promise<Record<string, string[]>> => {
    const events = firstSessionEvents(60, seed, Date.now() - 120_000);
    const session_id = `demo.${randomUUID()}`;
    const anonymous_id = randomUUID();
    const isOfContext = (name: string) =>
      ["session_id", "anonymous_id", "tab_id", "view", "view_time_ms"].includes(name);
    for (const tab_id of new Set(events.map((event) => event.tab_id))) {
      const ofTab = events.filter((event) => event.tab_id === tab_id);
      const views = new Map(ofTab.flatMap(({ view }) => (view ? [[view.view_id, view]] : [])));
      const batch = {
        ...{ v: 1, key: "tm_demo_3f9c1e7ab2d84056", sent_at: Date.now(), session_id, anonymous_id, tab_id },
        ...{ sdk: "test/1", views: [...views.values()] },
        events: ofTab.map((event) => Object.fromEntries(Object.entries(event).filter(([name]) => !isOfContext(name)))),
      };
      const response = await fetch(`${stack.collector.origin}/v1/events`, {
        method: "POST",
        body: JSON.stringify(batch),
      });
      expect(await response.json()).toMatchObject({ accepted: ofTab.length, rejected: [] });
    }
    const pages = new Set(events.flatMap(({ view }) => view?.path ?? []));
    return { session: [session_id], user: [anonymous_id], page: [...pages] };
  };

  /** The rows of POST /get-online-features. */
  const readOurs = async (entity: string, ids: readonly string[], names: readonly string[]): Promise<object[]> => {
    const response = await fetch(`${stack.collector.origin}/get-online-features`, {
      ...{ method: "POST", headers: { authorization: `Bearer ${stack.readKey}` } },
      body: JSON.stringify({
        features: names.map((name) => `${entity}_features:${name}`),
        entities: { [`${entity}_id`]: ids },
      }),
    });
    const { metadata, results } = (await response.json()) as {
      metadata: { feature_names: string[] };
      results: { values: unknown[] }[];
    };
    return ids.map((_, row) =>
      Object.fromEntries(metadata.feature_names.map((name, index) => [name, results[index]?.values[row]])),
    );
  };

  it("serves what the collector's routes serve", { timeout: 180_000 }, async () => {
    const repository = join(folder, "live");
    const sent = [await send(1), await send(2)];
    const headers = { authorization: `Bearer ${stack.adminKey}` };
    const countEvents = async (): Promise<number> => {
      const response = await fetch(`${stack.collector.origin}/v1/log/tail?site=demo`, { headers });
      const records = (await response.text()).trim().split("\n");
      return records.filter((line) => (JSON.parse(line) as { kind: string }).kind === "event").length;
    };
    await expect.poll(countEvents, { timeout: 20_000 }).toBe(120);
    const args = ["feast", "export", repository, "--url", stack.collector.origin];
    expect(await runTidemark(ROOT, args, { TIDEMARK_ADMIN_KEY: stack.adminKey })).toMatchObject({ code: 0 });
    feast(repository, "apply");
    feast(repository, "materialize", "2020-01-01T00:00:00", new Date(Date.now() + 60_000).toISOString().slice(0, 19));

    const ids = Object.fromEntries(
      ["session", "user", "page"].map((entity) => [entity, [...new Set(sent.flatMap((each) => each[entity] ?? []))]]),
    );
    const asked = Object.entries(ids).map(([entity, own]) => [`${entity}_features`, { key: `${entity}_id`, ids: own }]);
    const views = readOnline(repository, Object.fromEntries(asked));
    for (const [entity, own] of Object.entries(ids)) {
      const names = featuresOf(defaultFeatures, entity)
        .filter(isStable)
        .map(({ name }) => name);
      expect(names.length).toBeGreaterThan(3);
      const stable = new Set([`${entity}_id`, ...names]);
      const expected = views[`${entity}_features`].map((row: object) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => stable.has(name))),
      );
      await expect.poll(() => readOurs(entity, own, names), { timeout: 20_000 }).toEqual(expected);
    }
  });
});
