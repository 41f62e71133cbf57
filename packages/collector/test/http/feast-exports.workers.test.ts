import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { scheduleSamples } from "../../src/monitor/schedule-samples.ts";
import { errorOf, request } from "../workers/client.ts";
import { tenant } from "../workers/worker.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

const note = (site: string, body: unknown) =>
  request(`/v1/feast/exports?site=${site}`, {
    ...{ method: "POST", headers: { authorization: "Bearer admin-key" }, body: JSON.stringify(body) },
  });

const figuresOf = async (site: string, ...known: string[]) => {
  const samples = await scheduleSamples(env as unknown as Env, new Map(known.map((each) => [each, tenant(each)])));
  const of = (name: string) => samples[`tidemark_feast_export_${name}{site="${site}"}`];
  return [of("age_seconds"), of("max_age_seconds")];
};

describe("POST /v1/feast/exports", () => {
  it("lets the metrics have the age of the latest export, and its limit", async () => {
    expect(await figuresOf("shop", "shop")).toEqual([undefined, undefined]);
    expect(await (await note("shop", { max_age_s: 100 })).json()).toEqual({ site: "shop", max_age_s: 100 });
    vi.setSystemTime(Date.now() + 150_000);
    expect(await figuresOf("shop", "shop")).toEqual([150, 100]);
    expect((await note("shop", { max_age_s: 3_600 })).status).toBe(200);
    expect(await figuresOf("shop", "shop")).toEqual([0, 3_600]);
  });

  it("has no figures of a site that the deployment no longer has", async () => {
    await note("gate", { max_age_s: 100 });
    expect(await figuresOf("gate", "shop")).toEqual([undefined, undefined]);
  });

  it.each([
    ["no age", "shop", {}, 400, "invalid_body"],
    ["an age of 0", "shop", { max_age_s: 0 }, 400, "invalid_body"],
    ["an age of over ten years", "shop", { max_age_s: 315_360_001 }, 400, "invalid_body"],
    ["an unknown site", "nobody", { max_age_s: 100 }, 404, "not_found"],
  ])("rejects %s", async (_, site, body, status, code) => {
    expect((await errorOf(await note(site, body))).slice(0, 2)).toEqual([status, code]);
  });
});
