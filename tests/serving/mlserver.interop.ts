import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../interop/install.ts";
import { EXAMPLE, post, type Scoring, startScoring } from "./scoring.ts";

/**
 * @shows the runtime of examples/serving reads the features of sessions, and MLServer answers with the scores of the model
 * @needs Python 3.10 to 3.12 with pip; installs MLServer 1.7.1, scikit-learn, pandas and pyarrow (900 MB) once
 */
describe("MLServer with features from the collector", { timeout: 120_000 }, () => {
  let scoring: Scoring;
  let url: string;
  beforeAll(async () => {
    const packages = await pythonPackages("mlserver==1.7.1", "scikit-learn==1.9.1");
    scoring = await startScoring();
    cpSync(join(EXAMPLE, "mlserver"), scoring.model, { recursive: true });
    const [http_port, grpc_port, metrics_port] = [await getPort(), await getPort(), await getPort()];
    const settings = { host: "127.0.0.1", http_port, grpc_port, metrics_port, parallel_workers: 0, debug: false };
    writeFileSync(join(scoring.model, "settings.json"), JSON.stringify(settings));
    url = `http://127.0.0.1:${http_port}/v2`;
    const args = ["-W", "ignore", "-m", "mlserver.cli.main", "start", "."];
    await scoring.start(args, scoring.model, packages, `${url}/models/purchase_intent/ready`);
  });
  afterAll(() => scoring?.stop());

  it("scores sessions by their current features", async () => {
    console.log(`MLServer ${((await (await fetch(url)).json()) as { version: string }).version}`);
    const { sessions } = scoring;
    const input = { name: "session_id", datatype: "BYTES", shape: [sessions.length], data: sessions };
    const { outputs } = (await post(`${url}/models/purchase_intent/infer`, { inputs: [input] })) as {
      outputs: { name: string; data: number[] }[];
    };
    expect(outputs[0]?.name).toBe("score");
    const expected = await scoring.expected();
    expect(new Set(expected).size).toBe(3);
    for (const [index, probability] of expected.entries()) expect(outputs[0]?.data[index]).toBeCloseTo(probability, 6);
  });
});
