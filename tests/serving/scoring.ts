import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { createSampleSession } from "../../packages/cli/src/smoke-test/sample-session.ts";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import config from "../../tidemark.config.ts";
import { pythonPackages } from "../interop/install.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "packages/cli/src/main.ts");
export const EXAMPLE = join(ROOT, "examples/serving");
const CLIENT = join(ROOT, "clients/python");

/** A model in weights.json of examples/serving/train.py. */
interface Weights {
  features: string[];
  mean: number[];
  scale: number[];
  coefficients: number[];
  intercept: number;
}

/** A collector with sessions, and a model that scores them. */
export interface Scoring {
  /** Folder with `model.joblib`. */
  model: string;
  /** Two sessions of the collector, and one that it does not know. */
  sessions: string[];
  /** The model's probabilities for the sessions, computed from the weights and the served vectors. */
  expected(): Promise<number[]>;
  /** The model's probability for the features of a session, computed from the weights. */
  probabilityOf(features: Readonly<Record<string, unknown>>): number;
  /** Starts a server, and waits until a GET request to `ready` succeeds. Returns a function that kills it. */
  start(args: string[], cwd: string, packages: string, ready: string): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

const sendSession = async (stack: LocalStack, clicks: number): Promise<string> => {
  const [site] = config.sites;
  const { batch, ids } = createSampleSession(site as NonNullable<typeof site>);
  const click = batch.events.find(({ type }) => type === "click") as (typeof batch.events)[number];
  const more = Array.from({ length: clicks - 1 }, (_, index) => ({ ...click, seq: batch.events.length + index }));
  const body = JSON.stringify({ ...batch, events: [...batch.events, ...more] });
  const response = await fetch(`${stack.collector.origin}/v1/events`, { method: "POST", body });
  if (!response.ok) throw new Error(await response.text());
  return ids.session;
};

const train = async (folder: string): Promise<string> => {
  const packages = await pythonPackages("pandas==3.1.1", "pyarrow==26.0.1", "scikit-learn==1.9.1");
  const [visits, set, model] = [join(folder, "visits"), join(folder, "training.parquet"), join(folder, "model")];
  const tidemark = (...args: string[]) => execFileSync(process.execPath, [MAIN, ...args], { cwd: ROOT });
  tidemark("generate-visits", "--sessions", "3000", "--out", visits);
  const labels = ["--labels", join(visits, "truth.csv"), "--set", "purchase_intent", "--out", set];
  tidemark("training-set", "--log", visits, ...labels);
  execFileSync("python3", [join(EXAMPLE, "train.py"), set, model], {
    env: { ...process.env, PYTHONPATH: packages },
  });
  return model;
};

/** Starts a collector with sessions, and trains the model of examples/serving. */
export const startScoring = async (): Promise<Scoring> => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-serving-"));
  const model = await train(folder);
  const stack = await startLocalStack({ deployment: ROOT, site: EXAMPLE_SITE });
  const sessions = [await sendSession(stack, 1), await sendSession(stack, 12), "demo.unknown-session"];
  const weights: Weights = JSON.parse(readFileSync(join(model, "weights.json"), "utf8"));
  const servers: ChildProcess[] = [];

  const featuresOf = async (id: string): Promise<Record<string, number | null>> => {
    const headers = { authorization: `Bearer ${stack.readKey}` };
    const response = await fetch(`${stack.collector.origin}/v1/features/session/${id}?set=purchase_intent`, {
      headers,
    });
    return response.ok ? ((await response.json()) as { features: Record<string, number | null> }).features : {};
  };
  const probabilityOf = (features: Readonly<Record<string, unknown>>): number => {
    const terms = weights.features.map((name, index) => {
      const [mean = 0, scale = 1, weight = 0] = [weights.mean, weights.scale, weights.coefficients].map(
        (values) => values[index],
      );
      return (weight * (Number(features[name] ?? 0) - mean)) / scale;
    });
    return 1 / (1 + Math.exp(-terms.reduce((sum, term) => sum + term, weights.intercept)));
  };

  return {
    model,
    sessions,
    probabilityOf,
    expected: async () => (await Promise.all(sessions.map(featuresOf))).map(probabilityOf),
    async start(args, cwd, packages, ready) {
      const server = spawn("python3", args, {
        ...{ cwd, stdio: "ignore", detached: true },
        env: {
          ...process.env,
          PYTHONPATH: [packages, CLIENT, EXAMPLE].join(":"),
          TIDEMARK_URL: stack.collector.origin,
          TIDEMARK_READ_KEY: stack.readKey,
          FEATURE_SET: "purchase_intent_v1",
        },
      });
      servers.push(server);
      while (!(await fetch(ready).catch(() => undefined))?.ok) {
        if (server.exitCode !== null) throw new Error(`${args.join(" ")} ended with ${server.exitCode}`);
        await sleep(200);
      }
      return async () => {
        const ended = once(server, "exit");
        process.kill(-(server.pid ?? 0), "SIGKILL");
        await ended;
      };
    },
    async stop() {
      for (const { pid, exitCode, signalCode } of servers)
        if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid);
      await stack.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** Sends a request, and returns the JSON of its response. @throws Error for an error */
export const post = async (url: string, body: object): Promise<unknown> => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text);
};
