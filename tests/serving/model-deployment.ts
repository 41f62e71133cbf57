import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startLocalStack } from "@tidemark/cli/local-stack";
import type { Model } from "@tidemark/collector/config";
import type { ModelsResponse, PredictionResponse, SessionVectorResponse } from "@tidemark/schema";
import { createSampleSession } from "../../packages/cli/src/smoke-test/sample-session.ts";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import config from "../../tidemark.config.ts";
import { post } from "./scoring.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A collector with models. */
export interface ModelDeployment {
  /** Begins a session with a number of clicks. Returns its id, and a function that sends one click more. */
  visit(clicks: number): Promise<{ id: string; click(): Promise<void> }>;
  predict(model: string, session: string): Promise<PredictionResponse>;
  vector(session: string): Promise<SessionVectorResponse>;
  models(): Promise<ModelsResponse["models"]>;
  /** The payloads of the recorded predictions of a session by a model. */
  records(session: string, model: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** Writes a deployment whose models are given, in a folder that its imports can be resolved from. */
const writeDeployment = (models: readonly Model[]): string => {
  mkdirSync(join(ROOT, ".wrangler"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".wrangler/models-"));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write(
    "tidemark.config.ts",
    `import { defineConfig } from "@tidemark/collector/config";
import config from "../../tidemark.config.ts";

export default defineConfig({ ...config, models: ${JSON.stringify(models)}, reactions: [] });
`,
  );
  write("worker.ts", readFileSync(join(ROOT, "worker.ts"), "utf8"));
  write("wrangler.toml", readFileSync(join(ROOT, "tests/e2e/projects/kills/wrangler.toml"), "utf8"));
  return folder;
};

/** Starts a collector with the models. */
export const startModelDeployment = async (models: readonly Model[]): Promise<ModelDeployment> => {
  const folder = writeDeployment(models);
  const { collector, readKey, adminKey, stop } = await startLocalStack({ deployment: folder, site: EXAMPLE_SITE });
  const { origin } = collector;
  const request = (path: string, method = "GET", key = readKey) =>
    fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${key}` } });
  const read = async <Body>(path: string, method?: string): Promise<Body> => {
    const response = await request(path, method);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  };

  return {
    async visit(clicks) {
      const [site] = config.sites;
      const { batch, ids } = createSampleSession(site as NonNullable<typeof site>);
      const first = batch.events.find(({ type }) => type === "click") as (typeof batch.events)[number];
      let seq = batch.events.length;
      const more = () => ({ ...first, seq: seq++ });
      const send = (events: typeof batch.events) => post(`${origin}/v1/events`, { ...batch, events });
      await send([...batch.events, ...Array.from({ length: clicks - 1 }, more)]);
      return {
        id: ids.session,
        async click() {
          await send([more()]);
        },
      };
    },
    predict: (model, session) => read<PredictionResponse>(`/v1/predict/${model}/session/${session}`, "POST"),
    vector: (session) => read<SessionVectorResponse>(`/v1/features/session/${session}`),
    models: async () => (await read<ModelsResponse>("/v1/models")).models,
    async records(session, model) {
      const text = await (await request("/v1/log/tail?site=demo", "GET", adminKey)).text();
      const records = text.split("\n").flatMap((line) => (line ? [JSON.parse(line)] : []));
      const payloads = records.flatMap(({ kind, payload }) => (kind === "prediction" ? [payload] : []));
      return payloads.filter((payload) => payload.id === session && payload.model === model);
    },
    async stop() {
      await stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
