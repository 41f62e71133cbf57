import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kserveV2, type Model } from "@tidemark/collector/config";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonPackages, unpackedPackage } from "../interop/install.ts";
import { expectFallback } from "./expect-fallback.ts";
import { expectRecovery, FALLBACK } from "./expect-recovery.ts";
import { type ModelDeployment, startModelDeployment } from "./model-deployment.ts";
import { EXAMPLE, post, type Scoring, startScoring } from "./scoring.ts";

/**
 * @shows the runtime of examples/serving scores sessions; and MLServer's runtime for scikit-learn answers the collector's models, with fallbacks while it is killed
 * @needs Python 3.10 to 3.12 with pip; installs MLServer 1.7.1 with its runtime for scikit-learn, scikit-learn, pandas and pyarrow (900 MB) once
 */
let scoring: Scoring;
let packages: string;
beforeAll(async () => {
  const own = await pythonPackages("mlserver==1.7.1", "scikit-learn==1.9.1");
  packages = [own, await unpackedPackage("mlserver-sklearn==1.7.1")].join(":");
  scoring = await startScoring();
}, 240_000);
afterAll(() => scoring?.stop());

/** Writes the settings of a server in a folder. Returns its address, and a function that starts it. */
const prepare = async (folder: string, model: string) => {
  const [http_port, grpc_port, metrics_port] = [await getPort(), await getPort(), await getPort()];
  const settings = { host: "127.0.0.1", http_port, grpc_port, metrics_port, parallel_workers: 0, debug: false };
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
  const url = `http://127.0.0.1:${http_port}`;
  const args = ["-W", "ignore", "-m", "mlserver.cli.main", "start", "."];
  return { url, start: () => scoring.start(args, folder, packages, `${url}/v2/models/${model}/ready`) };
};

describe("MLServer with features from the collector", { timeout: 120_000 }, () => {
  it("scores sessions by their current features", async () => {
    cpSync(join(EXAMPLE, "mlserver"), scoring.model, { recursive: true });
    const { url, start } = await prepare(scoring.model, "purchase_intent");
    const kill = await start();
    console.log(`MLServer ${((await (await fetch(`${url}/v2`)).json()) as { version: string }).version}`);
    const { sessions } = scoring;
    const input = { name: "session_id", datatype: "BYTES", shape: [sessions.length], data: sessions };
    const { outputs } = (await post(`${url}/v2/models/purchase_intent/infer`, { inputs: [input] })) as {
      outputs: { name: string; data: number[] }[];
    };
    expect(outputs[0]?.name).toBe("score");
    const expected = await scoring.expected();
    expect(new Set(expected).size).toBe(3);
    for (const [index, probability] of expected.entries()) expect(outputs[0]?.data[index]).toBeCloseTo(probability, 6);
    await kill();
  });
});

describe("a model of the collector on MLServer", { timeout: 180_000 }, () => {
  let deployment: ModelDeployment;
  let kill: () => Promise<void>;
  let start: () => Promise<() => Promise<void>>;
  beforeAll(async () => {
    const folder = join(scoring.model, "sklearn");
    mkdirSync(folder);
    const parameters = { uri: join(scoring.model, "model.joblib"), version: "v1" };
    const settings = { name: "sk", implementation: "mlserver_sklearn.SKLearnModel", parameters };
    writeFileSync(join(folder, "model-settings.json"), JSON.stringify(settings));
    const server = await prepare(folder, "sk");
    start = server.start;
    kill = await start();
    const { url } = server;
    const model = (name: string, run: object, more: object = {}): Model => ({
      ...{ name, version: 1, set: "purchase_intent:1", fallback: FALLBACK, timeoutMs: 5_000 },
      ...{ runs: kserveV2({ url, model: "sk", output: "predict_proba", ...run }), ...more },
    });
    deployment = await startModelDeployment([
      model("tensor", { input: "x", missing: 0 }),
      model("versioned", { input: "x", missing: 0, version: "v1" }),
      model("columns", { missing: 0 }),
      model("live", { input: "x", missing: 0 }, { when: "on_change" }),
      model("gaps", { input: "x" }),
      model("texts", { input: "x", missing: 0, output: "score" }),
      model("gone", { model: "gone", missing: 0 }),
    ]);
  }, 180_000);
  afterAll(async () => {
    await deployment?.stop();
  });

  it.each(["tensor", "versioned", "columns"])("has the probability of the model itself: %s", async (name) => {
    const { id } = await deployment.visit(5);
    const { value, fallback } = await deployment.predict(name, id);
    expect(fallback).toBe(null);
    expect(value).toBeCloseTo(scoring.probabilityOf((await deployment.vector(id)).features), 6);
  });

  it.each([
    ["a missing value without a number for it", "gaps", /status 500: Internal Server Error$/],
    ["an output that the model does not have", "texts", /status 400: \{"error":"SKLearnModel only supports/],
    ["a model that the server does not have", "gone", /status 404: .*not found/i],
  ])("falls back for %s, and records the server's words", (_, name, error) => expectFallback(deployment, name, error));

  it("is known to be ready or not", async () => {
    const ready = (await deployment.models()).map(({ name, server_ready }) => [name, server_ready]);
    expect(ready).toEqual(
      expect.arrayContaining([
        ["tensor", true],
        ["gone", false],
      ]),
    );
  });

  it("falls back while the server is killed, and recovers by itself in the middle of a visit", async () => {
    const server = {
      kill: () => kill(),
      async restart() {
        kill = await start();
      },
    };
    await expectRecovery(deployment, server, { onDemand: "tensor", onChange: "live" });
  });
});
