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

/** Makes the runtime take an object away at its next look into its storage, as when it moves to another machine. */
const loseObject = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(stub, (_, state) => {
    const look = () => {
      state.abort("moved away");
      throw new Error("unreachable");
    };
    state.storage.kv.get = look;
    state.storage.sql.exec = look;
  });

const expectAway = async (answer: Response) => {
  expect(answer.headers.get("retry-after")).toBe("1");
  // So that a page of another origin can read it.
  expect(answer.headers.get("access-control-expose-headers")).toBe("Retry-After");
  expect((await errorOf(answer)).slice(0, 2)).toEqual([503, "unavailable"]);
};

// What goes wrong here on purpose is logged, as it is for an operator.
beforeEach(() => void vi.spyOn(console, "error").mockReturnValue());
afterEach(() => void vi.restoreAllMocks());

describe("an object that the runtime takes away", () => {
  it("makes a batch be sent again, and it is stored once", async () => {
    const session_id = newSession();
    await loseObject(sessionOf(bindings, tenant("shop"), session_id) as unknown as DurableObjectStub<undefined>);
    const body = batch([custom(0)], { session_id });
    await expectAway(await post(JSON.stringify(body)));
    expect(await accept(body)).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect((await vectorOf(session_id)).delivery.received).toBe(1);
  });

  it("makes a vector be asked for again", async () => {
    const session_id = newSession();
    await loseObject(sessionOf(bindings, tenant("shop"), session_id) as unknown as DurableObjectStub<undefined>);
    await expectAway(await read(session_id));
    expect((await read(session_id)).status).toBe(404);
  });

  it("makes the figures be asked for again, and none of them is lost", async () => {
    const before = await (await scrape()).text();
    await loseObject(metricsOf(bindings) as unknown as DurableObjectStub<undefined>);
    await expectAway(await scrape());
    const counters = before.split("\n").filter((line) => line.startsWith("tidemark_events"));
    expect((await (await scrape()).text()).split("\n")).toEqual(expect.arrayContaining(counters));
  });
});

describe("an object that has too much to do", () => {
  // The runtime sets these marks on the error of a call; a test cannot load an object so much.
  it.each(["overloaded", "retryable"])("is told from a defect by the runtime's mark: %s", async (mark) => {
    const site = { id: "shop", key: "tm_shop_aaaaaaaa", origins: [], readKeySecret: "SHOP_READ_KEY" };
    const config = { sites: [site], adminKeySecret: "ADMIN_KEY", features: [] };
    const app = createApp(config, createTenants(config));
    const answerTo = (error: Error) => {
      const SESSION = {
        getByName: () => ({ vector: () => Promise.reject(error), ingest: () => Promise.reject(error) }),
      };
      return (path: string, init: RequestInit) =>
        app.request(path, init, { ...bindings, SESSION }, createExecutionContext());
    };
    const headers = { authorization: "Bearer shop-read-key" };
    const busy = answerTo(Object.assign(new Error("too many requests queued"), { [mark]: true }));
    await expectAway(await busy(`/v1/features/session/${newSession()}`, { headers }));
    await expectAway(await busy("/v1/events", { method: "POST", body: JSON.stringify(batch([custom(0)])) }));

    const defect = await answerTo(new Error("defect"))(`/v1/features/session/${newSession()}`, { headers });
    expect((await errorOf(defect)).slice(0, 2)).toEqual([500, "internal"]);
    expect(defect.headers.get("retry-after")).toBeNull();
  });
});
