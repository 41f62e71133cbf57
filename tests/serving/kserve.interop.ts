import { join } from "node:path";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../interop/install.ts";
import { EXAMPLE, post, type Scoring, startScoring } from "./scoring.ts";

const KSERVE = "kserve==0.21.0";

/**
 * @shows the transformer of examples/serving puts features in place of sessions, and KServe's predictor scores them
 * @needs Python 3.10 to 3.12 with pip; installs kserve 0.21.0, scikit-learn, pandas and pyarrow (1 GB) once
 */
describe("KServe with features from the collector", { timeout: 120_000 }, () => {
  let scoring: Scoring;
  let url: string;
  beforeAll(async () => {
    const packages = await pythonPackages(KSERVE, "scikit-learn==1.9.1");
    scoring = await startScoring();
    const start = async (program: string, ...args: string[]): Promise<string> => {
      const port = await getPort();
      const address = `127.0.0.1:${port}`;
      const flags = ["--model_name", "purchase-intent", "--http_port", `${port}`, "--enable_grpc", "false"];
      const path = join(EXAMPLE, "kserve", program);
      const ready = `http://${address}/v2/health/ready`;
      await scoring.start(["-W", "ignore", path, ...flags, ...args], scoring.model, packages, ready);
      return address;
    };
    const predictor = await start("predictor.py", "--model_file", "model.joblib");
    url = `http://${await start("transformer.py", "--predictor_host", predictor)}`;
  });
  afterAll(() => scoring?.stop());

  it("scores sessions by their current features", async () => {
    console.log(KSERVE);
    const answer = await post(`${url}/v1/models/purchase-intent:predict`, { instances: scoring.sessions });
    const { predictions } = answer as { predictions: number[] };
    const expected = await scoring.expected();
    expect(new Set(expected).size).toBe(3);
    for (const [index, probability] of expected.entries()) expect(predictions[index]).toBeCloseTo(probability, 6);
  });
});
