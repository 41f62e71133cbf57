import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DURABLE_OBJECTS } from "../deployment/check-wrangler-config.ts";

/** Id of the drill's site. */
export const SITE = "drill";

/** Public key of the drill's site. */
export const SITE_KEY = "tm_drill_4c1d9a7e";

/** Path of the server to which the drill's sink sends. */
export const SINK_PATH = "/sink";

/** Path of the server that says whether the storage of the log works. */
export const STORAGE_PATH = "/storage";

/** The code that imports names from a package. */
const importCode = (names: string, from: string): string => `import { ${names} } from ${JSON.stringify(from)};`;

const configCode = (server: string): string => `${importCode("defineConfig, defineSink", "@tidemark/collector/config")}
${importCode("webhookSink", "@tidemark/collector/sinks")}
${importCode("defaultFeatures", "@tidemark/schema")}

const target = webhookSink({ url: "${server}${SINK_PATH}", secrets: ["DRILL_WEBHOOK_SECRET"] });

export default defineConfig({
  sites: [
    { id: "${SITE}", key: "${SITE_KEY}", origins: ["https://drill.example"], readKeySecret: "DRILL_READ_KEY" },
  ],
  adminKeySecret: "DRILL_ADMIN_KEY",
  features: defaultFeatures,
  log: { days: 1 },
  sinks: [
    defineSink({
      name: "server",
      // Small requests, so that a slow server falls behind.
      to: { ...target, create: async (given) => ({ ...(await target.create(given)), limits: { records: 20, bytes: 1_000_000 } }) },
    }),
  ],
});
`;

const workerCode = (server: string): string => `${importCode("createCollector", "@tidemark/collector")}
import config from "./tidemark.config.ts";

const collector = createCollector(config);
const { Egress, EntityShard, handlers, Metrics, Partition, Schedule, Session } = collector;

/** A bucket that cannot be written while the drill says so. */
const withFaults = (bucket) =>
  new Proxy(bucket, {
    get(_, name) {
      const value = bucket[name];
      if (name !== "put") return typeof value === "function" ? value.bind(bucket) : value;
      return async (...given) => {
        if (!(await fetch("${server}${STORAGE_PATH}")).ok) throw new Error("the storage is away: a drill");
        return bucket.put(...given);
      };
    },
  });

class LogWriter extends collector.LogWriter {
  constructor(state, env) {
    super(state, { ...env, LOG: withFaults(env.LOG) });
  }
}

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
`;

const wranglerConfig = {
  name: "tidemark-drill",
  main: "worker.ts",
  compatibility_date: "2026-11-01",
  compatibility_flags: ["nodejs_compat"],
  durable_objects: {
    bindings: Object.entries(DURABLE_OBJECTS).map(([name, class_name]) => ({ name, class_name })),
  },
  migrations: [{ tag: "v1", new_sqlite_classes: Object.values(DURABLE_OBJECTS) }],
  r2_buckets: [{ binding: "LOG", bucket_name: "tidemark-drill-log" }],
};

/**
 * Writes a deployment with one site, a log and a sink into a new folder in `.wrangler` of a deployment, where it finds the
 * installed packages.
 *
 * @param server Origin of the server that the drill's sink and storage ask.
 */
export const writeDeployment = (deployment: string, server: string): { folder: string; remove(): void } => {
  const parent = join(deployment, ".wrangler");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "drill-"));
  const remove = () => {
    process.off("exit", remove);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.once("exit", remove);
  writeFileSync(join(folder, "tidemark.config.ts"), configCode(server));
  writeFileSync(join(folder, "worker.ts"), workerCode(server));
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(wranglerConfig, null, 2));
  return { folder, remove };
};
