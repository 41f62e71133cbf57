import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import getPort from "get-port";
import { unstable_readConfig as readConfig } from "wrangler";

const WORKERD = (createRequire(import.meta.url)("workerd") as { default: string }).default;

/** Longest time of a start, in milliseconds. */
const START_TIMEOUT_MS = 30_000;

/** Two releases of the collector. */
export type Release = "earlier" | "current";

/** The classes of the collector's objects. */
export const OBJECTS = ["Session", "Partition", "EntityShard", "LogWriter", "Metrics"] as const;

/** The release that serves requests, and the one that each class of objects has. */
export type Placement = Record<"main" | (typeof OBJECTS)[number], Release>;

const { compatibility_date, compatibility_flags, durable_objects } = readConfig({
  config: fileURLToPath(new URL("projects/releases/wrangler.toml", import.meta.url)),
});

const quote = (value: string | undefined) => JSON.stringify(value);

/** A service of the runtime: the script of a release, with the objects that are placed there. */
const serviceOf = (release: Release, placement: Placement, secrets: Readonly<Record<string, string>>): string => {
  const bindings = [
    ...Object.entries(secrets).map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`),
    `(name = "LOG_DISK", service = "log")`,
    ...durable_objects.bindings.map(({ name, class_name }: { name: string; class_name: string }) => {
      const place = placement[class_name as keyof Placement];
      const namespace =
        place === release ? quote(class_name) : `(className = ${quote(class_name)}, serviceName = ${quote(place)})`;
      return `(name = ${quote(name)}, durableObjectNamespace = ${namespace})`;
    }),
  ];
  const own = OBJECTS.filter((name) => placement[name] === release);
  const namespaces = own.map((name) => `(className = ${quote(name)}, uniqueKey = ${quote(name)}, enableSql = true)`);
  return `const ${release} :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "${release}.js")],
  compatibilityDate = ${quote(compatibility_date)},
  compatibilityFlags = [${compatibility_flags.map(quote).join(", ")}],
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "storage"),
  globalOutbound = "receiver",
);
`;
};

const configure = (
  port: number,
  receiver: number,
  placement: Placement,
  secrets: Readonly<Record<string, string>>,
): string =>
  `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "earlier", worker = .earlier), (name = "current", worker = .current),
    (name = "storage", disk = (path = "storage", writable = true)), (name = "log", disk = (path = "log", writable = true)),
    (name = "receiver", external = (address = "127.0.0.1:${receiver}", http = ()))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = ${quote(placement.main)})],
);

${serviceOf("earlier", placement, secrets)}
${serviceOf("current", placement, secrets)}`;

/** Two releases of the collector over one storage, on bare workerd. */
export interface MixedReleases {
  origin: string;
  /** Ends the runtime at once, as a crash does, and starts it with another placement on the same storage. */
  place(placement: Placement): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Prepares an earlier release, which was recorded, and the current one.
 *
 * @param earlier The compressed script of the earlier release.
 * @param current Module of the current one.
 * @param receiver Port on this machine that gets all requests of both releases to other servers.
 */
export const mixReleases = async (
  earlier: URL,
  current: URL,
  secrets: Readonly<Record<string, string>>,
  receiver: number,
): Promise<MixedReleases> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-releases-"));
  const port = await getPort();
  const origin = `http://127.0.0.1:${port}`;
  for (const name of ["storage", "log"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "earlier.js"), gunzipSync(await readFile(earlier)));
  await build({
    entryPoints: [fileURLToPath(current)],
    outfile: join(folder, "current.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
  });
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  return {
    origin,
    async place(placement) {
      await kill();
      await writeFile(join(folder, "config.capnp"), configure(port, receiver, placement, secrets));
      const started = spawn(WORKERD, ["serve", "config.capnp"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
      child = started;
      let output = "";
      started.stderr.on("data", (chunk: Buffer) => {
        output = (output + chunk).slice(-4_000);
      });
      const deadline = Date.now() + START_TIMEOUT_MS;
      for (;;) {
        const response = await fetch(`${origin}/healthz`).catch(() => undefined);
        await response?.arrayBuffer();
        if (response) return;
        if (started.exitCode !== null || Date.now() > deadline)
          throw new Error(`the runtime did not start. End of its output:\n${output}`);
        await sleep(50);
      }
    },
    async remove() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
