import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, metricsOf, sessionOf } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { createTenants } from "../../src/tenants.ts";
import { accept, batch, custom, errorOf, newSession, post, read, request, vectorOf } from "../workers/client.ts";
import { tenant } from "../workers/worker.ts";

const bindings = env as unknown as Env;

const scrape = () => request("/metrics", { headers: { authorization: "Bearer admin-key" } });

/** Makes the runtime stop an object at its next access to storage, as when the object moves to another machine. */
const loseObject = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(stub, (_, state) => {
    const fail = () => {
      state.abort("moved away");
      throw new Error("unreachable");
    };
    state.storage.kv.get = fail;
    state.storage.sql.exec = fail;
  });

const expectUnavailable = async (response: Response) => {
  expect(response.headers.get("retry-after")).toBe("1");
  // A page of another origin must be able to read it.
  expect(response.headers.get("access-control-expose-headers")).toBe("Retry-After");
  expect((await errorOf(response)).slice(0, 2)).toEqual([503, "unavailable"]);
};

// The provoked errors are logged for an operator.
beforeEach(() => void vi.spyOn(console, "error").mockReturnValue());
afterEach(() => void vi.restoreAllMocks());

describe("an object that the runtime stops", () => {
  it("rejects a batch as unavailable, and stores it once when it is sent again", async () => {
    const session_id = newSession();
    await loseObject(sessionOf(bindings, tenant("shop"), session_id) as unknown as DurableObjectStub<undefined>);
    const body = batch([custom(0)], { session_id });
    await expectUnavailable(await post(JSON.stringify(body)));
    expect(await accept(body)).toMatchObject({ accepted: 1, duplicates: 0, rejected: [] });
    expect((await vectorOf(session_id)).delivery.received).toBe(1);
  });

  it("rejects the read of a vector as unavailable, and serves the next one", async () => {
    const session_id = newSession();
    await loseObject(sessionOf(bindings, tenant("shop"), session_id) as unknown as DurableObjectStub<undefined>);
    await expectUnavailable(await read(session_id));
    expect((await read(session_id)).status).toBe(404);
  });

  it("rejects the read of the metrics as unavailable, and loses none of them", async () => {
    const before = await (await scrape()).text();
    // The object has its sums in memory: the next read stops it, of the scrape or of the schedule. Other objects have others.
    await runInDurableObject(metricsOf(bindings), (metrics, state) => {
      const prototype = Object.getPrototypeOf(metrics) as typeof metrics;
      const { read } = prototype;
      vi.spyOn(prototype, "read").mockImplementation(function (this: typeof metrics) {
        if (this !== metrics) return read.call(this);
        state.abort("moved away");
        throw new Error("unreachable");
      });
    });
    await expectUnavailable(await scrape());
    vi.restoreAllMocks();
    const counters = before.split("\n").filter((line) => line.startsWith("tidemark_events"));
    expect((await (await scrape()).text()).split("\n")).toEqual(expect.arrayContaining(counters));
  });
});

describe("an overloaded object", () => {
  // The runtime sets these marks on the error of a call. A test cannot overload an object.
  it.each(["overloaded", "retryable"])("is distinguished from a defect by the runtime's mark %s", async (mark) => {
    const site = { id: "shop", key: "tm_shop_aaaaaaaa", origins: [], readKeySecret: "SHOP_READ_KEY" };
    const config = { sites: [site], adminKeySecret: "ADMIN_KEY", features: [] };
    const app = createApp(config, createTenants(config));
    const requestWith = (error: Error) => {
      const SESSION = {
        getByName: () => ({ vector: () => Promise.reject(error), ingest: () => Promise.reject(error) }),
      };
      return (path: string, init: RequestInit) =>
        app.request(path, init, { ...bindings, SESSION }, createExecutionContext());
    };
    const headers = { authorization: "Bearer shop-read-key" };
    const busy = requestWith(Object.assign(new Error("too many requests queued"), { [mark]: true }));
    await expectUnavailable(await busy(`/v1/features/session/${newSession()}`, { headers }));
    await expectUnavailable(await busy("/v1/events", { method: "POST", body: JSON.stringify(batch([custom(0)])) }));

    const broken = requestWith(new Error("defect"));
    for (const defect of [
      await broken(`/v1/features/session/${newSession()}`, { headers }),
      await broken("/v1/events", { method: "POST", body: JSON.stringify(batch([custom(0)])) }),
    ]) {
      expect((await errorOf(defect)).slice(0, 2)).toEqual([500, "internal"]);
      expect(defect.headers.get("retry-after")).toBeNull();
    }
  });
});
