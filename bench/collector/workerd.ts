import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import getPort from "get-port";
import { unstable_readConfig as readConfig } from "wrangler";

const require = createRequire(import.meta.url);

/** Path of the runtime's binary. Its package comes without types. */
const WORKERD = (require("workerd") as { default: string }).default;

/** A start that takes longer has failed, in milliseconds. */
const START_TIMEOUT_MS = 20_000;

/** Clock ticks a second in which Linux counts processor time. */
const TICKS_PER_S = 100;

/** A Worker on a workerd process of its own: one thread, no proxy in front of it, Durable Objects on the disk. */
export interface Workerd {
  origin: string;
  /** Value of the secret TIDEMARK_READ_KEY. */
  readKey: string;
  /** Folder of the Durable Objects' SQLite files. */
  storage: string;
  /** Processor time that the process has used, on all its threads, in milliseconds. */
  cpuMs(): Promise<number>;
  /** Ends the process. Its storage can be looked at until {@link Workerd.remove}. */
  stop(): Promise<void>;
  /** Ends the process and removes all that it wrote. */
  remove(): Promise<void>;
}

/** Bundles a Worker, and tells what it exports. */
const compile = async (entry: URL, into: string): Promise<string[]> => {
  const { metafile } = await build({
    metafile: true,
    entryPoints: [fileURLToPath(entry)],
    outfile: into,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
};

/** The runtime's configuration, with date, flags and those Durable Objects of `wrangler.toml` that the Worker exports. */
const configure = (port: number, readKey: string, exported: string[]): string => {
  const { compatibility_date, compatibility_flags, durable_objects } = readConfig({
    config: fileURLToPath(new URL("../../wrangler.toml", import.meta.url)),
  });
  const text = (value: string | undefined) => JSON.stringify(value);
  const objects: { name: string; class_name: string }[] = durable_objects.bindings.filter(
    ({ class_name }: { class_name: string }) => exported.includes(class_name),
  );
  const bindings = [
    `(name = "TIDEMARK_READ_KEY", text = ${text(readKey)})`,
    ...objects.map(({ name, class_name }) => `(name = ${text(name)}, durableObjectNamespace = ${text(class_name)})`),
  ];
  const namespaces = objects.map(
    ({ class_name: name }) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "storage", disk = (path = "storage", writable = true))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${text(compatibility_date)},
  compatibilityFlags = [${compatibility_flags.map(text).join(", ")}],
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "storage"),
);
`;
};

/**
 * Bundles a Worker, serves it with the runtime that wrangler uses, and waits until it answers.
 *
 * @param entry Module of the Worker.
 * @throws Error with the runtime's last words when it does not answer.
 */
export const startWorkerd = async (entry: URL): Promise<Workerd> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-workerd-"));
  const storage = join(folder, "storage");
  await mkdir(storage);
  const port = await getPort();
  const readKey = crypto.randomUUID();
  const exported = await compile(entry, join(folder, "worker.js"));
  await writeFile(join(folder, "config.capnp"), configure(port, readKey, exported));

  const child = spawn(WORKERD, ["serve", "config.capnp"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const exit = once(child, "exit");
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk).slice(-4000);
  });
  const stop = async () => {
    child.kill();
    await exit;
  };

  const origin = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  const answers = async () => {
    const response = await fetch(`${origin}/healthz`).catch(() => undefined);
    await response?.arrayBuffer();
    return response !== undefined;
  };
  while (!(await answers())) {
    if (child.exitCode === null && Date.now() < deadline) await sleep(50);
    else {
      await stop();
      throw new Error(`${entry.pathname} did not start. The runtime's last words:\n${said}`);
    }
  }
  return {
    origin,
    readKey,
    storage,
    async cpuMs() {
      const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
      // The command's name, in brackets, may hold spaces: what follows it begins with the third field.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
    },
    stop,
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
