import { describe, expect, it } from "vitest";
import { defineModel, embedded, http, kserveV1, kserveV2, type Model } from "../src/define-model.ts";

const file = { format: "tidemark-model" };
const server = kserveV2({ url: "http://models.example", model: "m" });
const model = (more: object = {}): Model => ({
  ...{ name: "purchase", version: 1, set: "purchase_intent:1", runs: embedded(file) },
  ...more,
});

describe("defineModel", () => {
  it("returns each kind of model unchanged", () => {
    const url = "https://models.example/v1";
    for (const each of [
      model(),
      model({ runs: embedded({ key: "models/purchase-1.json" }), when: "on_change", fallback: 0 }),
      model({ runs: server, timeoutMs: 1, canary: 0.1, setHash: "0123456789ab" }),
      model({ runs: kserveV2({ url, model: "m", version: "2", input: "x", output: "y", missing: -1 }), shadow: true }),
      model({ runs: kserveV1({ url, model: "m", tokenSecret: "MODEL_TOKEN" }), fallback: "other" }),
      model({ runs: http({ url, request: { rows: ["$values"] }, response: "scores.0" }) }),
    ])
      expect(defineModel(each)).toBe(each);
  });

  it.each([
    [
      { name: "Purchase" },
      /^model Purchase: name: expected a name in snake_case of at most 64 characters; given "Purchase"$/,
    ],
    [
      { name: "constructor" },
      'name: expected no name of a property that all objects of JavaScript have; given "constructor"',
    ],
    [{ version: 0 }, "version: expected a whole number from 1 on; given 0"],
    [
      { set: "purchase_intent" },
      'set: expected name and version of a feature set, such as purchase_intent:1; given "purchase_intent"',
    ],
    [{ setHash: "abc" }, "setHash: expected the 12 hexadecimal digits of the set's hash"],
    [{ runs: undefined }, "runs: expected the result of embedded, kserveV2, kserveV1 or http; given nothing"],
    [
      { runs: { type: "embedded" } },
      "runs: expected the content of a model file, or its key in the bucket; given nothing",
    ],
    [{ runs: embedded({ key: "" }) }, "runs: expected the content of a model file, or its key in the bucket"],
    [
      { runs: kserveV1({ url: "models.example", model: "m" }) },
      "runs.url: expected an address that begins with https:// or http://",
    ],
    [
      { runs: kserveV1({ url: "https://me:secret@models.example", model: "m" }) },
      'runs.url: expected an address without a password, with a bearer token in tokenSecret; given "one"',
    ],
    [{ runs: kserveV1({ url: "http://x", model: "" }) }, "runs.model: expected the name of the model on the server"],
    [{ runs: http({ url: "http://x", response: "" }) }, "runs.response: expected a path such as score"],
    [
      { runs: { ...server, modle: "m" } },
      "runs: unknown key: expected one of type, url, tokenSecret, missing, model, version, input, output",
    ],
    [{ when: "always" }, "when: expected on_demand or on_change"],
    [{ runs: server, timeoutMs: 20_000 }, "timeoutMs: expected whole milliseconds from 1 to 10000"],
    [{ timeoutMs: 10 }, "timeoutMs: expected none for an embedded model"],
    [{ fallback: Number.NaN }, "fallback: expected a number, or the name of an embedded model"],
    [{ shadow: 1 }, "shadow: expected true or false"],
    [{ canary: 1 }, "canary: expected a share above 0 and below 1"],
    [{ shadow: true, canary: 0.1 }, "canary: expected none beside shadow"],
    [{ timeout_ms: 10 }, "unknown key: expected one of name, version, set"],
  ])("rejects %j", (more, message) => {
    expect(() => defineModel(model(more))).toThrow(message);
  });

  it("does not quote a token that is given in place of its name", () => {
    const runs = kserveV1({ url: "http://x", model: "m", tokenSecret: "s3cret-token" });
    expect(() => defineModel(model({ runs }))).toThrow(
      'runs.tokenSecret: expected the name of an environment variable, such as MODEL_TOKEN; given "another text"',
    );
  });
});
