import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { builtinModules, createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import getPort from "get-port";
import { unstable_readConfig as readConfig } from "wrangler";

const require = createRequire(import.meta.url);

/** Path of the runtime's binary. Its package has no types. */
const WORKERD = (require("workerd") as { default: string }).default;

/** Longest time of a start, in milliseconds. */
const START_TIMEOUT_MS = 20_000;

/** Unit of processor time in Linux, in ticks per second. */
const TICKS_PER_S = 100;

/** A binding to a class of Durable Objects, as in `wrangler.toml`. */
interface ObjectBinding {
  name: string;
  class_name: string;
}

/** A Worker on a separate workerd process: one thread, no proxy, Durable Objects on disk. */
export interface Workerd {
  origin: string;
  /** Value of the secret TIDEMARK_READ_KEY. */
  readKey: string;
  /** Folder of the Durable Objects' SQLite files: a folder for each class. */
  storage: string;
  /** The Durable Objects' bindings and classes. */
  objects: ObjectBinding[];
  /** @throws Error with the end of the runtime's output if the process has ended by itself. */
  expectRunning(): void;
  /** Processor time used by all threads of the process, in milliseconds. */
  cpuMs(): Promise<number>;
  /** Memory of the process without files, in bytes. */
  memoryBytes(): Promise<number>;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts the process again, on the same storage and port. */
  restart(): Promise<void>;
  /** Ends the process. Its storage stays until {@link Workerd.remove}. */
  stop(): Promise<void>;
  /** Ends the process and removes its files. */
  remove(): Promise<void>;
}

/** Differences from the configuration in `wrangler.toml`. */
interface Differences {
  /** The Worker's Durable Objects. Default: those in `wrangler.toml` that the Worker exports. */
  objects?: ObjectBinding[];
  /**
   * Certificates of authorities, as PEM, that the Worker's connections accept. With this option it may also connect to
   * private addresses and to this machine. Default: public authorities and addresses only.
   */
  authorities?: string[];
}

/** Files that replace modules of a Worker, by the name of the module. */
type Replacements = Readonly<Record<string, URL>>;

/** Resolves the modules of Node in CommonJS, which the runtime provides as ES modules only. wrangler does the same. */
const nodeModules: Plugin = {
  name: "node modules",
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    onResolve({ filter }, ({ path, kind }) =>
      kind === "require-call" ? { path, namespace: "required" } : { path, external: true },
    );
    onLoad({ filter, namespace: "required" }, ({ path }) => ({
      contents: `import module from "node:${path.replace("node:", "")}"; export = module;`,
      loader: "ts",
    }));
  },
};

/** Bundles a Worker. Returns the names of its exports. */
const compile = async (entry: URL, into: string, replacements: Replacements): Promise<string[]> => {
  const { metafile } = await build({
    metafile: true,
    alias: Object.fromEntries(Object.entries(replacements).map(([name, file]) => [name, fileURLToPath(file)])),
    entryPoints: [fileURLToPath(entry)],
    outfile: into,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    plugins: [nodeModules],
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
};

const { compatibility_date, compatibility_flags, durable_objects } = readConfig({
  config: fileURLToPath(new URL("../../wrangler.toml", import.meta.url)),
});

/** The runtime's configuration: date and flags of `wrangler.toml`, these secrets by name, and these Durable Objects. */
const configure = (
  port: number,
  secrets: Readonly<Record<string, string>>,
  objects: ObjectBinding[],
  authorities: string[] | undefined,
): string => {
  const text = (value: string | undefined) => JSON.stringify(value);
  const tls = `(trustBrowserCas = true, trustedCertificates = [${authorities?.map(text).join(", ")}])`;
  const network = `(name = "internet", network = (allow = ["public", "private"], tlsOptions = ${tls}))`;
  const bindings = [
    ...Object.entries(secrets).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    `(name = "LOG_DISK", service = "log")`,
    ...objects.map(({ name, class_name }) => `(name = ${text(name)}, durableObjectNamespace = ${text(class_name)})`),
  ];
  const namespaces = objects.map(
    ({ class_name: name }) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "storage", disk = (path = "storage", writable = true)),
    (name = "log", disk = (path = "log", writable = true))${authorities ? `, ${network}` : ""}],
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
 * Bundles a Worker, serves it with the runtime of wrangler, and waits until it responds.
 *
 * @param entry Module of the Worker.
 * @param secrets Values of further secrets by name.
 * @param replacements Modules of the Worker that other files replace. Default: none.
 * @param differences Differences from the configuration in `wrangler.toml`. Default: none.
 * @throws Error with the end of the runtime's output if the Worker does not respond.
 */
export const startWorkerd = async (
  entry: URL,
  secrets: Readonly<Record<string, string>> = {},
  replacements: Replacements = {},
  differences: Differences = {},
): Promise<Workerd> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-workerd-"));
  const storage = join(folder, "storage");
  await mkdir(storage);
  await mkdir(join(folder, "log"));
  const port = await getPort();
  const readKey = crypto.randomUUID();
  const exported = await compile(entry, join(folder, "worker.js"), replacements);
  const isExported = ({ class_name }: ObjectBinding) => exported.includes(class_name);
  const objects = differences.objects ?? durable_objects.bindings.filter(isExported);
  const allSecrets = { TIDEMARK_READ_KEY: readKey, ...secrets };
  await writeFile(join(folder, "config.capnp"), configure(port, allSecrets, objects, differences.authorities));

  const origin = `http://127.0.0.1:${port}`;
  const responds = async () => {
    const response = await fetch(`${origin}/healthz`).catch(() => undefined);
    await response?.arrayBuffer();
    return response !== undefined;
  };
  let child: ChildProcess | undefined;
  let output = "";
  const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;
  const expectRunning = () => {
    if (child && hasEnded(child))
      throw new Error(
        `the runtime ended with code ${child.exitCode}, signal ${child.signalCode}. End of its output:\n${output}`,
      );
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = child;
    child = undefined;
    if (!ended || hasEnded(ended)) return;
    const exit = once(ended, "exit");
    ended.kill(signal);
    await exit;
  };
  const stop = () => end("SIGTERM");
  const start = async () => {
    const started = spawn(WORKERD, ["serve", "config.capnp"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    child = started;
    output = "";
    started.stderr.on("data", (chunk: Buffer) => {
      output = (output + chunk).slice(-4000);
    });
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await responds())) {
      if (!hasEnded(started) && Date.now() < deadline) await sleep(50);
      else {
        await stop();
        throw new Error(`${entry.pathname} did not start. End of the runtime's output:\n${output}`);
      }
    }
  };
  const processFile = (name: string) => {
    expectRunning();
    return readFile(`/proc/${child?.pid}/${name}`, "utf8");
  };

  await start();
  return {
    origin,
    readKey,
    storage,
    objects,
    expectRunning,
    async cpuMs() {
      const stat = await processFile("stat");
      // The name of the command, in brackets, may contain spaces. The third field follows it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
    },
    async memoryBytes() {
      return Number(/^RssAnon:\s*(\d+) kB$/m.exec(await processFile("status"))?.[1]) * 1024;
    },
    kill: () => end("SIGKILL"),
    restart: start,
    stop,
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
