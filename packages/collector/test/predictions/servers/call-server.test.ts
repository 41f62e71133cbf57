import type { FeatureValue } from "@tidemark/schema";
import type { ValueKind } from "@tidemark/schema/value-kind";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { http, kserveV1, kserveV2, type RemoteRun } from "../../../src/define-model.ts";
import type { Env } from "../../../src/env.ts";
import { callServer, isReady } from "../../../src/predictions/servers/call-server.ts";
import type { CompiledModel } from "../../../src/tenants.ts";
import { type FakeServer, type ServerFault, startFakeServer } from "../fake-server.ts";

let server: FakeServer;
beforeAll(async () => {
  server = await startFakeServer();
});
afterEach(() => {
  Object.assign(server, { received: [], faults: [], isReady: true, answer: undefined });
});
afterAll(() => server.stop());

const env = { MODEL_TOKEN: "the-token" } as unknown as Env;
const feature = (name: string, value: FeatureValue, kind: ValueKind = "number") => ({ name, kind, value });
const FEATURES = [feature("clicks", 3), feature("dwell_ms", 20), feature("is_bounce", true, "boolean")];

/** Generous, so that only a server that never responds is late. */
const TIMEOUT_MS = 10_000;

const call = (runs: RemoteRun, features = FEATURES, timeoutMs = TIMEOUT_MS) => {
  const model = { name: "purchase", version: 1, runs, timeoutMs } as unknown as CompiledModel & { runs: RemoteRun };
  return callServer(model, env, { entity: "session", id: "demo.1", features });
};

const servers = {
  kserve_v2: (more: object = {}) => kserveV2({ url: server.url, model: "m", ...more }),
  kserve_v1: (more: object = {}) => kserveV1({ url: server.url, model: "m", ...more }),
  http: (more: object = {}) =>
    http({ url: `${server.url}/score`, request: { values: "$values" }, response: "result.scores.0", ...more }),
};
const kinds = Object.entries(servers);

describe.each(kinds)("a model on %s", (_, runs) => {
  it("answers with its prediction, and gets the token", async () => {
    expect(await call(runs())).toBeCloseTo(0.24, 12);
    expect(await call(runs({ tokenSecret: "MODEL_TOKEN" }))).toBeCloseTo(0.24, 12);
    expect(server.received.map(({ authorization }) => authorization)).toEqual([undefined, "Bearer the-token"]);
  });

  it("gets a number in place of a missing value only if it says so", async () => {
    const features = [feature("clicks", 3), feature("dwell_ms", null)];
    await expect(call(runs(), features)).rejects.toMatchObject({ failure: "error" });
    expect(JSON.stringify(server.received[0]?.body)).toContain("null");
    expect(await call(runs({ missing: 7 }), features)).toBeCloseTo(0.1, 12);
  });

  it.each<[ServerFault, RegExp]>([
    ["plain_500", /status 500: Internal Server Error$/],
    ["html", /the response is not JSON: <html>$/],
    ["endless", /longer than 65536 bytes/],
  ])("fails after one request with the fault %s", async (fault, message) => {
    server.faults = [fault, fault];
    await expect(call(runs())).rejects.toMatchObject({ failure: "error", message: expect.stringMatching(message) });
    expect(server.received).toHaveLength(1);
  });

  it.each<ServerFault>(["cut", "unavailable"])("repeats a request once after the fault %s", async (fault) => {
    server.faults = [fault];
    expect(await call(runs())).toBeCloseTo(0.24, 12);
    server.faults = [fault, fault, fault];
    server.received = [];
    await expect(call(runs())).rejects.toMatchObject({ failure: "error" });
    expect(server.received).toHaveLength(2);
  });

  it("is late when the server does not respond in time, without a repetition", async () => {
    server.faults = ["slow"];
    await expect(call(runs(), FEATURES, 100)).rejects.toMatchObject({ failure: "timeout" });
    expect(server.received).toHaveLength(1);
  });

  it("may answer with the two probabilities of a binary classifier, and with nothing else", async () => {
    server.answer = [[0.25, 0.75]];
    expect(await call(runs())).toBe(0.75);
    for (const answer of [[[0.1, 0.2, 0.7]], ["0.5"], [null], []]) {
      server.answer = answer;
      await expect(call(runs())).rejects.toThrow("response: expected one number, or two of a binary classifier");
    }
  });
});

describe("a request", () => {
  it("has a tensor for each feature in protocol V2, with its type", async () => {
    const features = [feature("path", "/a", "string"), feature("key", 3, "free"), ...FEATURES];
    await expect(call(servers.kserve_v2(), features)).rejects.toThrow("status 500");
    expect(server.received[0]).toMatchObject({
      path: "/v2/models/m/infer",
      body: {
        parameters: { content_type: "pd" },
        inputs: [
          { name: "path", shape: [1, 1], datatype: "BYTES", data: ["/a"], parameters: { content_type: "str" } },
          { name: "key", shape: [1, 1], datatype: "BYTES", data: ["3"], parameters: { content_type: "str" } },
          { name: "clicks", shape: [1, 1], datatype: "FP64", data: [3] },
          { name: "dwell_ms", shape: [1, 1], datatype: "FP64", data: [20] },
          { name: "is_bounce", shape: [1, 1], datatype: "BOOL", data: [true] },
        ],
      },
    });
  });

  it("has the number for a missing value in the type of the tensor", async () => {
    const features = [
      feature("dwell_ms", null),
      feature("is_bounce", null, "boolean"),
      feature("path", null, "string"),
    ];
    await expect(call(servers.kserve_v2({ missing: 0 }), features)).rejects.toThrow("status 500");
    expect(server.received[0]?.body.inputs).toMatchObject([{ data: [0] }, { data: [false] }, { data: [null] }]);
  });

  it("has one tensor for an input by name, and asks for an output and a version by name", async () => {
    const runs = servers.kserve_v2({ url: `${server.url}/`, version: "3", input: "x", output: "predict_proba" });
    expect(await call(runs)).toBeCloseTo(0.24, 12);
    expect(server.received).toEqual([
      {
        path: "/v2/models/m/versions/3/infer",
        authorization: undefined,
        body: {
          id: expect.any(String),
          inputs: [{ name: "x", shape: [1, 3], datatype: "FP64", data: [3, 20, 1] }],
          outputs: [{ name: "predict_proba" }],
        },
      },
    ]);
  });

  it("has one row of values in protocol V1", async () => {
    await call(servers.kserve_v1());
    expect(server.received[0]?.body).toEqual({ instances: [[3, 20, true]] });
  });

  it("has the parts that the mapping names, and by default entity, id and features", async () => {
    const request = { rows: [{ id: "$id", of: "$entity", x: "$features", all: "$values", fixed: 1 }], text: "id" };
    await expect(call(servers.http({ request }))).rejects.toThrow();
    await expect(call(servers.http({ request: undefined }))).rejects.toThrow();
    const x = { clicks: 3, dwell_ms: 20, is_bounce: true };
    expect(server.received.map(({ body }) => body)).toEqual([
      { rows: [{ id: "demo.1", of: "session", x, all: [3, 20, true], fixed: 1 }], text: "id" },
      { entity: "session", id: "demo.1", features: x },
    ]);
  });
});

describe("an error", () => {
  it.each([
    ["of MLServer", servers.kserve_v2, { model: "n" }, 'status 404: {"error":"Model n not found"}'],
    ["of KServe", servers.kserve_v1, { missing: "text" }, 'status 500: {"error":"ValueError : could not'],
    ["of an unknown output", servers.kserve_v2, { output: "score" }, 'status 400: {"error":"SKLearnModel only'],
    ["of a path without a value", servers.http, { response: "result.score" }, "given nothing"],
    ["of a secret that is not set", servers.http, { tokenSecret: "NO_TOKEN" }, "the secret NO_TOKEN is not set"],
  ])("%s is in the message", async (_, runs, more, message) => {
    const features = [feature("clicks", 3), feature("dwell_ms", null)];
    await expect(call(runs(more), "missing" in more ? features : FEATURES)).rejects.toThrow(message);
  });

  it("of a server that is not there is one", async () => {
    const gone = await startFakeServer();
    await gone.stop();
    await expect(call(servers.kserve_v1({ url: gone.url }))).rejects.toMatchObject({ failure: "error" });
  });
});

describe("isReady", () => {
  const check = (runs: RemoteRun) => isReady({ runs } as unknown as CompiledModel, env);

  it("is the status of the response, whatever its body says", async () => {
    expect([await check(servers.kserve_v2()), await check(servers.kserve_v1())]).toEqual([true, true]);
    server.isReady = false;
    expect([await check(servers.kserve_v2()), await check(servers.kserve_v1())]).toEqual([false, false]);
    expect(await check(servers.http())).toBeUndefined();
  });
});
