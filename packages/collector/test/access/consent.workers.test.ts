import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Consent } from "@tidemark/schema";
import { describe, expect, it, vi } from "vitest";
import { defineConfig, type Site } from "../../src/config.ts";
import { type Env, partitionOf, sessionOf } from "../../src/env.ts";
import {
  accept,
  batch,
  batchFor,
  custom,
  errorOf,
  NOW,
  newSession,
  page,
  post,
  read,
  readByPage,
  rollupVectorOf,
  rowsOf,
  SECRET,
  vectorOf,
  view,
} from "../workers/client.ts";
import { config, tenant } from "../workers/worker.ts";

const bindings = env as unknown as Env;

const granted: Consent = { measurement: "granted", personalisation: "granted" };
const unlinked = ["pending", "denied"] as const;

const gpc = { "sec-gpc": "1" };

/** Creates an id that no other test uses. */
const newId = (name: string) => `${name}-${crypto.randomUUID().slice(0, 8)}`;

const identify = (seq: number, user_id: string) => ({ type: "identify", seq, time: NOW + seq, user_id });

/** All that the object of a session stores. */
const storedOf = (site: string, session_id: string) =>
  runInDurableObject(sessionOf(bindings, tenant(site), session_id), (_, { storage }) => rowsOf(storage));

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

describe("consent to be measured", () => {
  it("need not be stated if the site does not require it and the browser does not send Sec-GPC", async () => {
    const body = batch([custom(0)]);
    expect(await accept(body)).toMatchObject({ accepted: 1 });
    expect(await vectorOf(body.session_id)).not.toHaveProperty("consent");
  });

  it("is missing if the browser sends Sec-GPC and none is stated: the batch is rejected and not stored", async () => {
    const body = batch([page(0), custom(1), "no event"]);
    const [status, code, message] = await errorOf(await post(JSON.stringify(body), gpc));
    expect([status, code]).toEqual([403, "no_consent"]);
    expect(message).toMatch(/Sec-GPC: 1 .* tracker\.consent\("granted"\)/);
    expect(await storedOf("shop", body.session_id)).toEqual([]);
    expect((await read(body.session_id)).status).toBe(404);
  });

  it("overrides Sec-GPC if it is stated", async () => {
    const body = batch([custom(0)], { consent: granted });
    expect((await post(JSON.stringify(body), gpc)).status).toBe(200);
    expect((await vectorOf(body.session_id)).consent).toEqual(granted);
  });

  it("is not affected by Sec-GPC if the site ignores it, or by other values of the header", async () => {
    expect((await post(JSON.stringify(batchFor("club", [custom(0)])), gpc)).status).toBe(200);
    expect((await post(JSON.stringify(batch([custom(0)])), { "sec-gpc": "0" })).status).toBe(200);
  });

  it("must be stated if the site requires it, with or without Sec-GPC", async () => {
    const body = batchFor("bank", [custom(0)]);
    const [status, code, message] = await errorOf(await post(JSON.stringify(body)));
    expect([status, code]).toEqual([403, "no_consent"]);
    expect(message).toMatch(/site bank requires consent.*consent: "pending"/);
    expect(await storedOf("bank", body.session_id)).toEqual([]);
    expect(await accept({ ...body, consent: granted })).toMatchObject({ accepted: 1 });
  });

  it("cannot be stated as denied", async () => {
    const consent = { measurement: "denied", personalisation: "denied" };
    const [status, code, message] = await errorOf(await post(JSON.stringify(batch([custom(0)], { consent }))));
    expect([status, code]).toEqual([400, "invalid_batch"]);
    expect(message).toMatch(/^consent\.measurement: expected "granted", got "denied"/);
  });
});

/** All that a site's rollups store, as text. */
const storedByRollups = (site: string) =>
  runInDurableObject(partitionOf(bindings, tenant(site), 0), (_, { storage }) =>
    JSON.stringify(rowsOf(storage), (_key, value) => (value instanceof Map ? [...value] : value)),
  );

describe.each(unlinked)("%s personalisation", (personalisation) => {
  const consent: Consent = { measurement: "granted", personalisation };

  it("updates the session and the page, and no user", async () => {
    const [anonymous_id, user_id, path] = [newId("browser"), newId("ann"), `/${newId("page")}`];
    const body = batch([page(0), custom(1)], { consent, anonymous_id, user_id, views: [{ ...view, path }] });
    expect(await accept(body)).toMatchObject({ accepted: 2 });
    await eventually(async () =>
      expect((await rollupVectorOf("page", path))?.features).toMatchObject({ page_views: 1, page_visitors_today: 1 }),
    );
    // The deltas of a session are sent and written together.
    await eventually(async () => expect(await storedByRollups("shop")).toContain(path));
    const stored = await storedByRollups("shop");
    for (const id of [anonymous_id, user_id]) {
      expect(await rollupVectorOf("user", id)).toBeUndefined();
      expect(stored).not.toContain(id);
    }
    expect(await vectorOf(body.session_id)).toMatchObject({ consent, features: { event_count: 2 } });
    expect(JSON.stringify(await storedOf("shop", body.session_id))).not.toContain(user_id);
  });

  it("hides the user from the features of custom entities", async () => {
    const [sku, user_id] = [newId("sku"), newId("ann")];
    const sale = { ...custom(0), properties: { sku } };
    const lastBuyer = async () => (await rollupVectorOf("product", sku))?.features.product_last_buyer;
    await accept(batch([sale], { consent, user_id }));
    await eventually(async () => expect(await lastBuyer()).toBeNull());
    await accept(batch([sale], { consent: granted, user_id }));
    await eventually(async () => expect(await lastBuyer()).toBe(user_id));
  });

  it("rejects the event that names the user, and no other", async () => {
    const user_id = newId("ann");
    const body = batch([custom(0), identify(1, user_id), custom(2)], { consent });
    expect(await accept(body)).toEqual({
      accepted: 2,
      duplicates: 0,
      rejected: [
        {
          index: 1,
          code: "no_consent",
          path: "user_id",
          message: `user_id: not allowed while personalisation is ${personalisation}; identify the user once it is granted`,
        },
      ],
      tab: { acknowledged: [[0, 2]] },
    });
    expect(await vectorOf(body.session_id)).toMatchObject({
      features: { identified_count: 0 },
      delivery: { received: 2, rejected: 1, missing: 0 },
    });
    expect(JSON.stringify(await storedOf("shop", body.session_id))).not.toContain(user_id);
  });

  it("hides the session from its page, but not from a read key", async () => {
    const body = batch([custom(0)], { consent, session_secret: SECRET });
    await accept(body);
    const [status, code, message] = await errorOf(await readByPage(body.session_id));
    expect([status, code]).toEqual([403, "no_consent"]);
    expect(message).toContain(`personalisation is ${personalisation}`);
    expect((await read(body.session_id)).status).toBe(200);
  });

  it("ends with the first event after it is granted, which updates the user", async () => {
    const user_id = newId("ann");
    const session_id = newSession();
    const anonymous_id = newId("browser");
    await accept(batch([custom(0)], { session_id, session_secret: SECRET, anonymous_id, consent }));
    await accept(batch([identify(1, user_id)], { session_id, anonymous_id, consent: granted }));
    expect((await readByPage(session_id)).status).toBe(200);
    await eventually(async () =>
      expect(await rollupVectorOf("user", user_id)).toMatchObject({ anonymous_ids: [anonymous_id] }),
    );
    // Earlier events are linked to no user, and not to the browser either.
    expect(await rollupVectorOf("user", anonymous_id)).toBeUndefined();
  });

  it("is that of the latest event, also if older events arrive late", async () => {
    const session_id = newSession();
    await accept(batch([custom(5)], { session_id, session_secret: SECRET, consent }));
    await accept(batch([custom(2)], { session_id, consent: granted }));
    expect((await vectorOf(session_id)).consent).toEqual(consent);
    expect((await readByPage(session_id)).status).toBe(403);
  });
});

describe("the features of a session", () => {
  it("are hidden from a page whose browser sends Sec-GPC, unless personalisation is granted", async () => {
    const unstated = batch([custom(0)], { session_secret: SECRET });
    await accept(unstated);
    expect((await readByPage(unstated.session_id)).status).toBe(200);
    expect((await errorOf(await readByPage(unstated.session_id, gpc)))[1]).toBe("no_consent");
    const stated = batch([custom(0)], { consent: granted, session_secret: SECRET });
    await accept(stated);
    expect((await readByPage(stated.session_id, gpc)).status).toBe(200);
  });
});

describe("a deployment", () => {
  it("does not start with an unknown policy", () => {
    const sites = [{ ...config.sites[0], globalPrivacyControl: "honour" } as unknown as Site];
    expect(() => defineConfig({ ...config, sites })).toThrow(
      'tidemark.config.ts: site "shop": globalPrivacyControl: expected reject or ignore',
    );
  });
});
