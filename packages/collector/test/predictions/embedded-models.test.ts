import { describe, expect, it, vi } from "vitest";
import { embedded } from "../../src/define-model.ts";
import type { Env } from "../../src/env.ts";
import { loadModel } from "../../src/predictions/embedded-models.ts";
import type { CompiledModel } from "../../src/tenants.ts";

const SET = { name: "clicks", version: 1, hash: "000000000000" };

/** A model whose file is in the bucket. */
const stored = (): CompiledModel => ({
  ...{ name: "purchase", version: 1, set: "clicks:1", kinds: new Map([["clicks", "number"]]) },
  runs: embedded({ key: "models/clicks-1.json" }),
  input: { ...SET, entity: "session", features: ["clicks"], served: SET } as unknown as CompiledModel["input"],
});

describe("a file in the bucket", () => {
  const file = {
    ...{ format: "tidemark-model", version: 1, set: { name: "clicks", version: 1 } },
    inputs: [{ feature: "clicks", kind: "number", steps: [{ fill: 0 }] }],
    model: { kind: "linear", coefficients: [2], intercept: 0, link: "identity" },
  };

  const bucketWith = (contents: (() => Response)[]): Env => {
    const get = () => {
      const response = contents.shift()?.();
      return Promise.resolve(response && Object.assign(response, { size: 1_000 }));
    };
    return { LOG: { get } } as unknown as Env;
  };
  const cut = () => new Response(new ReadableStream({ pull: (stream) => stream.error(new Error("connection lost")) }));

  it("is read again after a read that was cut", async () => {
    const model = stored();
    const bucket = bucketWith([cut, () => Response.json(file)]);
    expect(await loadModel(model, bucket)).toEqual({ refused: expect.stringContaining("connection lost") });
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 11_000);
    expect(await loadModel(model, bucket)).toHaveProperty("model");
    vi.restoreAllMocks();
  });

  it("is refused if it is not JSON", async () => {
    const model = stored();
    const bucket = bucketWith([() => new Response("<html>")]);
    expect(await loadModel(model, bucket)).toEqual({ refused: "models/clicks-1.json is not JSON" });
  });
});
