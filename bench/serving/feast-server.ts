import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { findOrInstall } from "@tidemark/cli/find-or-install";
import { defaultFeatures, type Feature } from "@tidemark/schema";
import getPort from "get-port";
import { definitionsCode } from "../../packages/cli/src/feast/definitions.ts";
import { pythonPackages } from "../../tests/interop/install.ts";
import { SET } from "./online-features.ts";

/** An online store of Feast. */
export type Store = "SQLite" | "Redis";

/** Feast's feature server on this machine, with the features of {@link SET}. */
export interface FeastServer {
  origin: string;
  stop(): void;
}

const REDIS = { name: "Redis", variable: "REDIS_SERVER", paths: ["/usr/bin/redis-server"], apt: "redis-server" };

/** The definitions of the set's features, and of those that they read. */
const features: readonly Feature[] = defaultFeatures.filter(({ entity }) => entity === "session");

/** Writes a source without a row: the values arrive by pushes. */
const writeSource = async (path: string): Promise<void> => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const columns = features.map(({ name }) => `CAST(NULL AS DOUBLE) AS "${name}"`);
  await connection.run(
    `COPY (SELECT '' AS session_id, to_timestamp(0) AS event_timestamp, to_timestamp(0) AS created, ${columns.join(", ")}
     WHERE FALSE) TO '${path}' (FORMAT parquet)`,
  );
  instance.closeSync();
};

const repositoryCode = (store: Store, redisPort: number): string => `project: bench
registry: registry.db
provider: local
online_store: ${store === "Redis" ? `{type: redis, connection_string: "127.0.0.1:${redisPort}"}` : "{type: sqlite, path: online.db}"}
offline_store: {type: file}
entity_key_serialization_version: 3
auth: {type: no_auth}
`;

/** Starts Feast's server with an online store. It installs Feast, and Redis as root, when they are missing. */
export const startFeast = async (store: Store): Promise<FeastServer> => {
  const python = await pythonPackages("feast[redis]==0.67.0");
  const folder = mkdtempSync(join(tmpdir(), "tidemark-feast-"));
  const children: ChildProcess[] = [];
  const startChild = (program: string, args: string[], env = process.env): ChildProcess => {
    const child = spawn(program, args, { cwd: folder, env, stdio: "ignore", detached: true });
    children.push(child);
    return child;
  };
  const stop = () => {
    for (const { pid, exitCode } of children) if (pid !== undefined && exitCode === null) process.kill(-pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const [redisPort, port] = [await getPort(), await getPort()];
    if (store === "Redis")
      startChild(findOrInstall(REDIS), ["--port", `${redisPort}`, "--bind", "127.0.0.1", "--save", ""]);
    mkdirSync(join(folder, "data"));
    await writeSource(join(folder, "data/session.parquet"));
    writeFileSync(
      join(folder, "definitions.py"),
      definitionsCode({ id: "bench", features, featureSets: [SET], daysToLive: {} }),
    );
    writeFileSync(join(folder, "feature_store.yaml"), repositoryCode(store, redisPort));
    const env = { ...process.env, PYTHONPATH: python, FEAST_USAGE: "False" };
    const feast = (...args: string[]) => ["-W", "ignore", "-m", "feast.cli.cli", ...args];
    execFileSync("python3", feast("apply", "--skip-source-validation"), { cwd: folder, env, stdio: "ignore" });
    const server = startChild("python3", feast("serve", "-h", "127.0.0.1", "-p", `${port}`), env);
    const origin = `http://127.0.0.1:${port}`;
    while (!(await fetch(`${origin}/health`).catch(() => undefined))?.ok) {
      if (server.exitCode !== null) throw new Error(`feast serve ended with ${server.exitCode}`);
      await sleep(100);
    }
    return { origin, stop };
  } catch (error) {
    stop();
    throw error;
  }
};
