import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const MODELS = [
  {
    ...{ name: "purchase", version: 2, set: "purchase_intent:1", runs: "embedded", when: "on_change", role: "primary" },
    state: "ready",
  },
  {
    ...{ name: "churn", version: 1, set: "loyalty:3", runs: "kserve_v2", when: "on_demand", role: "shadow" },
    ...{ state: "refused", reason: "its set has changed" },
  },
  {
    ...{ name: "value", version: 4, set: "loyalty:3", runs: "kserve_v1", when: "on_demand", role: "canary" },
    ...{ state: "ready", server_ready: false },
  },
];

const PREDICTION = {
  ...{ model: "purchase", version: 2, entity: "page", id: "/a b", value: 0.25, fallback: null, latency_ms: 0.02 },
  ...{ event_time: 1_795_944_600_000, age_ms: 1_200, set: { name: "purchase_intent", version: 1, hash: "0" } },
};

/** A collector with these responses by method and path, and the requests that it has received. */
const serve = async (responses: Record<string, object>): Promise<{ url: string; requests: string[] }> => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const body = responses[`${request.method} ${request.url}`];
    const error = { error: { code: "not_found", message: "The site has no model lead." } };
    response.writeHead(body ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(body ?? error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
};

const env = { TIDEMARK_READ_KEY: "the-read-key" };

describe("tidemark models list", () => {
  it("lists the models with the read key", async () => {
    const { url, requests } = await serve({ "GET /v1/models": { models: MODELS } });
    const listed = await runTidemark(deploymentFolder(), ["models", "list", "--url", url], env);
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout).toMatch(/^purchase +2 +primary +purchase_intent:1 +embedded +on_change +ready$/m);
    expect(listed.stdout).toMatch(/^churn +1 +shadow +loyalty:3 +kserve_v2 +on_demand +refused: its set has changed$/m);
    expect(listed.stdout).toMatch(/^value +4 +canary +loyalty:3 +kserve_v1 +on_demand +ready, but its server is not$/m);
    expect(requests).toEqual(["GET /v1/models Bearer the-read-key"]);

    const json = await runTidemark(deploymentFolder(), ["models", "list", "--url", url, "--json"], env);
    expect(json.json()).toEqual(MODELS);
  });
});

describe("tidemark models predict", () => {
  it("predicts for an entity", async () => {
    const { url, requests } = await serve({ "POST /v1/predict/purchase/page/%2Fa%20b": PREDICTION });
    const args = ["models", "predict", "purchase", "page", "/a b", "--url", url];
    const json = await runTidemark(deploymentFolder(), [...args, "--json"], env);
    expect([json.code, json.json()]).toEqual([0, [PREDICTION]]);
    const text = await runTidemark(deploymentFolder(), args, env);
    expect(text.stdout).toBe(
      "0.25 by version 2 of purchase in 0.02 ms, from features whose latest event is 1200 ms old.\n",
    );
    expect(requests).toEqual(Array(2).fill("POST /v1/predict/purchase/page/%2Fa%20b Bearer the-read-key"));
  });

  it("says when the value is that of the fallback", async () => {
    const response = { ...PREDICTION, fallback: "timeout" };
    const { url } = await serve({ "POST /v1/predict/purchase/user/u-1": response });
    const { stdout } = await runTidemark(
      deploymentFolder(),
      ["models", "predict", "purchase", "user", "u-1", "--url", url],
      env,
    );
    expect(stdout).toContain("\nIt is the fallback of the model: timeout.\n");
  });

  it("passes on the reason why there is no prediction", async () => {
    const { url } = await serve({});
    const args = ["models", "predict", "lead", "user", "u-1", "--url", url];
    const { code, stderr } = await runTidemark(deploymentFolder(), args, env);
    expect([code, stderr]).toEqual([
      1,
      `The collector at ${url} responded 404 not_found: The site has no model lead.\n`,
    ]);
  });

  it("explains a missing argument, and a missing key", async () => {
    const few = await runTidemark(deploymentFolder(), ["models", "predict", "purchase", "user"]);
    expect([few.code, few.stderr]).toEqual([
      2,
      expect.stringContaining("expects a model, an entity and an id; given 2"),
    ]);
    const args = ["models", "list", "--url", "https://collector.example"];
    const keyless = await runTidemark(deploymentFolder(), args, { TIDEMARK_READ_KEY: "" });
    expect([keyless.code, keyless.stderr]).toEqual([
      1,
      "The collector at https://collector.example needs the site's read key. Set TIDEMARK_READ_KEY to the value of its secret SHOP_KEY.\n",
    ]);
  });
});
