import { join } from "node:path";
import { kserveV1, kserveV2, type Model } from "@tidemark/collector/config";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../interop/install.ts";
import { expectFallback } from "./expect-fallback.ts";
import { expectRecovery, FALLBACK } from "./expect-recovery.ts";
import { type ModelDeployment, startModelDeployment } from "./model-deployment.ts";
import { EXAMPLE, post, type Scoring, startScoring } from "./scoring.ts";

const KSERVE = "kserve==0.21.0";
const MODEL = "purchase-intent";

/**
 * @shows the transformer of examples/serving puts features in place of sessions; and KServe answers the collector's models by both protocols, with fallbacks while it is killed
 * @needs Python 3.10 to 3.12 with pip; installs kserve 0.21.0, scikit-learn, pandas and pyarrow (1 GB) once
 */
let scoring: Scoring;
let address: string;
let kill: () => Promise<void>;
let start: (program: string, port: number, ...args: string[]) => Promise<() => Promise<void>>;
let startPredictor: () => Promise<() => Promise<void>>;
beforeAll(async () => {
  const packages = await pythonPackages(KSERVE, "scikit-learn==1.9.1");
  scoring = await startScoring();
  start = (program, port, ...args) => {
    const flags = ["--model_name", MODEL, "--http_port", `${port}`, "--enable_grpc", "false"];
    const path = join(EXAMPLE, "kserve", program);
    const ready = `http://127.0.0.1:${port}/v2/health/ready`;
    return scoring.start(["-W", "ignore", path, ...flags, ...args], scoring.model, packages, ready);
  };
  const port = await getPort();
  address = `127.0.0.1:${port}`;
  startPredictor = () => start("predictor.py", port, "--model_file", "model.joblib");
  kill = await startPredictor();
  console.log(KSERVE);
}, 240_000);
afterAll(() => scoring?.stop());

describe("KServe with features from the collector", { timeout: 120_000 }, () => {
  it("scores sessions by their current features", async () => {
    const port = await getPort();
    await start("transformer.py", port, "--predictor_host", address);
    const url = `http://127.0.0.1:${port}/v1/models/${MODEL}:predict`;
    const { predictions } = (await post(url, { instances: scoring.sessions })) as { predictions: number[] };
    const expected = await scoring.expected();
    expect(new Set(expected).size).toBe(3);
    for (const [index, probability] of expected.entries()) expect(predictions[index]).toBeCloseTo(probability, 6);
  });
});

describe("a model of the collector on KServe", { timeout: 180_000 }, () => {
  let deployment: ModelDeployment;
  beforeAll(async () => {
    const url = `http://${address}`;
    const model = (name: string, runs: Model["runs"], more: object = {}): Model => ({
      ...{ name, version: 1, set: "purchase_intent:1", fallback: FALLBACK, timeoutMs: 5_000, runs },
      ...more,
    });
    deployment = await startModelDeployment([
      model("first", kserveV1({ url, model: MODEL, missing: 0 })),
      model("second", kserveV2({ url, model: MODEL, input: "x", output: "score", missing: 0 })),
      model("live", kserveV1({ url, model: MODEL, missing: 0 }), { when: "on_change" }),
      model("gaps", kserveV1({ url, model: MODEL })),
      model("gone", kserveV1({ url, model: "gone", missing: 0 })),
    ]);
  }, 180_000);
  afterAll(() => deployment?.stop());

  it.each(["first", "second"])("has the probability of the model itself: %s", async (name) => {
    const { id } = await deployment.visit(5);
    const { value, fallback } = await deployment.predict(name, id);
    expect(fallback).toBe(null);
    expect(value).toBeCloseTo(scoring.probabilityOf((await deployment.vector(id)).features), 6);
  });

  it.each([
    ["a missing value without a number for it", "gaps", /status 500: \{"error":/],
    ["a model that the server does not have", "gone", /status 404: \{"error":/],
  ])("falls back for %s, and records the server's words", (_, name, error) => expectFallback(deployment, name, error));

  it("is known to be ready or not", async () => {
    const ready = (await deployment.models()).map(({ name, server_ready }) => [name, server_ready]);
    expect(ready).toEqual(
      expect.arrayContaining([
        ["first", true],
        ["second", true],
        ["gone", false],
      ]),
    );
  });

  it("falls back while the server is killed, and recovers by itself in the middle of a visit", async () => {
    const server = {
      kill: () => kill(),
      async restart() {
        kill = await startPredictor();
      },
    };
    await expectRecovery(deployment, server, { onDemand: "first", onChange: "live" });
  });
});
