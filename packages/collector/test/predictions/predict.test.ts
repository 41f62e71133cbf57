import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded, http, type Model } from "../../src/define-model.ts";
import type { Env } from "../../src/env.ts";
import { predict, predictAtOnce } from "../../src/predictions/predict.ts";
import type { CompiledModel } from "../../src/tenants.ts";
import { type FakeServer, startFakeServer } from "./fake-server.ts";

const served = { name: "counts", version: 1, hash: "0c86bd3d36a1" };
const subject = { entity: "session", id: "demo.1", features: { clicks: 2 } };

const compiled = (model: Omit<Model, "version" | "set">): CompiledModel => ({
  ...{ version: 1, set: "counts:1", ...model },
  input: { ...served, entity: "session", features: ["clicks"], served },
  kinds: new Map([["clicks", "number"]]),
});

const file = {
  ...{ format: "tidemark-model", version: 1, set: { name: "counts", version: 1 } },
  inputs: [{ feature: "clicks", kind: "number", steps: [{ fill: 0 }] }],
  model: { kind: "linear", coefficients: [3], intercept: 0, link: "identity" },
};
const bucket = { LOG: { get: async () => ({ size: 1, text: async () => JSON.stringify(file) }) } } as unknown as Env;

describe("a model on a server", () => {
  let server: FakeServer;
  beforeAll(async () => {
    server = await startFakeServer();
  });
  afterAll(() => server.stop());

  it("is still asked after readers with less time than its timeout", async () => {
    const runs = http({ url: `${server.url}/score`, request: { values: "$values" }, response: "result.scores.0" });
    const model = compiled({ name: "slow", runs, timeoutMs: 10_000 });
    server.faults = Array(6).fill("slow");
    for (let call = 0; call < 6; call += 1) {
      const outcome = await predict(model, { models: [model] }, bucket, subject, 50);
      expect(outcome).toMatchObject({ value: null, fallback: "timeout" });
    }
    // A request can end before the server has received it, and then leaves its fault to the next one.
    server.faults = [];
    expect(await predict(model, { models: [model] }, bucket, subject)).toMatchObject({ fallback: null });
  });
});

describe("a fallback in the bucket", () => {
  it("answers for a model that runs at once, as soon as it was read", async () => {
    const model = compiled({ name: "refused", runs: embedded({}), fallback: "stored" });
    const stored = compiled({ name: "stored", runs: embedded({ key: "models/stored.json" }) });
    const tenant = { models: [model, stored] };
    expect(predictAtOnce(model, tenant, subject)).toBeUndefined();
    expect(await predict(model, tenant, bucket, subject)).toMatchObject({ value: 6, fallback: "missing_model" });
    expect(predictAtOnce(model, tenant, subject)).toMatchObject({ value: 6, fallback: "missing_model" });
  });

  it("says in the outcome why it has no prediction", async () => {
    const model = compiled({ name: "refused", runs: embedded({}), fallback: "gone" });
    const gone = compiled({ name: "gone", runs: embedded({ key: "models/gone.json" }) });
    const empty = { LOG: { get: async () => null } } as unknown as Env;
    const outcome = await predict(model, { models: [model, gone] }, empty, subject);
    expect(outcome).toMatchObject({ value: null, error: expect.stringContaining("no object models/gone.json") });
  });
});
