import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Site } from "../../src/config.ts";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { createTenants } from "../../src/tenants.ts";
import { batch, custom, errorOf, newSession, SECRET, vectorOf } from "../workers/client.ts";
import { config } from "../workers/worker.ts";

const bindings = env as unknown as Env;

/** A limit of the platform that counts the calls of a period, which ends when the test says so. */
const createLimit = (most: number) => {
  const counts = new Map<string, number>();
  return {
    async limit({ key }: RateLimitOptions) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= most };
    },
    endPeriod: () => counts.clear(),
  };
};

/** Returns a function that posts to an app whose site shop has some settings more, and waits for its counts. */
const posterOf = (more: Partial<Site>, bound: object) => {
  const sites = config.sites.map((site) => (site.id === "shop" ? { ...site, ...more } : site));
  const app = createApp({ ...config, sites }, createTenants({ ...config, sites }));
  return async (path: string, body: object) => {
    const context = createExecutionContext();
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    const init = { method: "POST", body: JSON.stringify(body), headers };
    const response = await app.request(path, init, { ...bindings, ...bound }, context);
    await waitOnExecutionContext(context);
    return response;
  };
};

/** Returns a function that sends a batch to such an app. */
const clientOf = (more: Partial<Site>, bound: object) => {
  const post = posterOf(more, bound);
  return (session_id: string, seq = 0, events: unknown[] = [custom(seq)]) =>
    post("/v1/events", batch(events, { session_id }));
};

beforeEach(() => {
  vi.spyOn(console, "warn").mockReturnValue();
  // An app sends its counts after a second, for which no test waits.
  vi.spyOn(scheduler, "wait").mockResolvedValue();
});
afterEach(() => void vi.restoreAllMocks());

describe("a school behind one address", () => {
  it("begins 60 sessions at once and the others later, and loses no event", async () => {
    const began = Date.now();
    const now = vi.spyOn(Date, "now").mockReturnValue(began);
    const [BATCH_LIMIT, SESSION_LIMIT] = [createLimit(600), createLimit(60)];
    const send = clientOf({}, { BATCH_LIMIT, SESSION_LIMIT });
    const pupils = Array.from({ length: 100 }, () => newSession());
    const waiting: string[] = [];
    for (const pupil of pupils) {
      const response = await send(pupil);
      if (response.status === 200) continue;
      expect(response.headers.get("retry-after")).toBe("10");
      expect((await errorOf(response)).slice(0, 2)).toEqual([429, "too_many_requests"]);
      waiting.push(pupil);
    }
    // The platform answers after the session has begun: one more than its limit has begun.
    expect(waiting).toHaveLength(39);
    const begun = pupils.filter((pupil) => !waiting.includes(pupil));
    for (const pupil of begun) expect((await send(pupil, 1)).status).toBe(200);

    now.mockReturnValue(began + 10_000);
    for (const limit of [BATCH_LIMIT, SESSION_LIMIT]) limit.endPeriod();
    for (const pupil of waiting) expect((await send(pupil)).status).toBe(200);
    now.mockRestore();
    for (const pupil of [begun[0], waiting[0]])
      expect((await vectorOf(`${pupil}`)).delivery).toMatchObject({ duplicates: 0, missing: 0 });
  });

  it("sends 600 batches in ten seconds, and no more", async () => {
    const BATCH_LIMIT = createLimit(3);
    const send = clientOf({}, { BATCH_LIMIT });
    const session = newSession();
    for (const seq of [0, 1, 2]) expect((await send(session, seq)).status).toBe(200);
    expect((await send(session, 3)).status).toBe(429);
    BATCH_LIMIT.endPeriod();
    expect((await send(session, 3)).status).toBe(200);
    expect((await vectorOf(session)).delivery).toMatchObject({ received: 4, missing: 0 });
  });
});

it("counts the reads of pages with the batches of their address", async () => {
  const post = posterOf({}, { BATCH_LIMIT: createLimit(2) });
  const { key, session_id, ...body } = batch([custom(0)], { session_secret: SECRET });
  const path = `/v1/features/session/${session_id}`;
  const statuses = [
    await post("/v1/events", { ...body, key, session_id }),
    await post(path, { key, session_secret: SECRET }),
    await post(path, { key, session_secret: SECRET }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 429]);
});

describe("a paused site", () => {
  it("rejects each batch before it looks up a session, and asks for a retry", async () => {
    const getByName = vi.fn();
    const response = await clientOf({ pause: true }, { SESSION: { getByName } })(newSession());
    expect(response.headers.get("retry-after")).toBe("60");
    expect(response.headers.get("access-control-expose-headers")).toBe("Retry-After");
    expect((await errorOf(response)).slice(0, 2)).toEqual([503, "paused"]);
    expect(getByName).not.toHaveBeenCalled();
  });
});

describe("a daily cap", () => {
  /** Another object for the usage of the site in each test. */
  const withUsage = (name: string) => ({
    METRICS: { getByName: (given: string) => bindings.METRICS.getByName(given.replace("usage", name)) },
  });

  it("of sessions rejects batches that begin one, and accepts those of others", async () => {
    const send = clientOf({ dailyCaps: { sessions: 2 } }, withUsage("capped sessions"));
    const [first, second] = [newSession(), newSession()];
    expect((await send(first)).status).toBe(200);
    expect((await send(second)).status).toBe(200);
    const response = await send(newSession());
    expect(response.headers.get("retry-after")).toBe("3600");
    expect((await errorOf(response)).slice(0, 2)).toEqual([429, "over_daily_cap"]);
    expect((await send(first, 1)).status).toBe(200);
  });

  it("of events warns once at 80 %, and once when it is reached", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const send = clientOf({ dailyCaps: { events: 10 } }, withUsage("capped events"));
    const session = newSession();
    const sendFrom = (seq: number, length: number) =>
      send(
        session,
        0,
        Array.from({ length }, (_, index) => custom(seq + index)),
      );
    expect((await sendFrom(0, 7)).status).toBe(200);
    expect(warn).not.toHaveBeenCalled();
    expect((await sendFrom(7, 1)).status).toBe(200);
    expect(warn).toHaveBeenCalledExactlyOnceWith("site shop has used 80 % of its daily cap of events");
    expect((await sendFrom(8, 5)).status).toBe(200);
    expect(warn).toHaveBeenCalledTimes(2);
    expect((await errorOf(await sendFrom(13, 1))).slice(0, 2)).toEqual([429, "over_daily_cap"]);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it("is over on the next day", async () => {
    const send = clientOf({ dailyCaps: { events: 1 } }, withUsage("next day"));
    const session = newSession();
    expect((await send(session, 0)).status).toBe(200);
    expect((await send(session, 1)).status).toBe(429);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    try {
      expect((await send(session, 1)).status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
  });
});
