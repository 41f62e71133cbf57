import type { Consent } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { batch, batchFor, custom, NOW, post, request, rollupVectorOf, vectorOf } from "../workers/client.ts";

const consent: Consent = { measurement: "granted", personalisation: "granted" };

/** An id that no other test uses. */
const fresh = () => `browser-${crypto.randomUUID().slice(0, 8)}`;

const send = (body: unknown, headers: Record<string, string> = {}) =>
  post(JSON.stringify(body), { origin: "https://club.example", "content-type": "text/plain", ...headers });

const setBy = (response: Response) => response.headers.getSetCookie();

/** Who the collector takes the visitor for: the browser whose vector has the session. */
const isKnown = (id: string, readKey = "club-read-key") =>
  vi.waitFor(async () => expect((await rollupVectorOf("user", id, readKey))?.features.user_session_count).toBe(1), {
    timeout: 1_000,
    interval: 10,
  });

const forget = (key: string, headers: Record<string, string> = { origin: "https://club.example" }) =>
  request(`/v1/forget?key=${key}`, { method: "POST", headers });

describe("a site's cookie", () => {
  it("takes the batch's anonymous id, for 400 days and for no script", async () => {
    const anonymous_id = fresh();
    const response = await send(batchFor("club", [custom(0)], { consent, anonymous_id }));
    expect(response.status).toBe(200);
    expect(setBy(response)).toEqual([
      `tm_id_club=${anonymous_id}; Max-Age=34560000; Path=/v1; HttpOnly; Secure; SameSite=Lax`,
    ]);
    await isKnown(anonymous_id);
  });

  it("is whose the batch is, when the browser has lost what scripts stored", async () => {
    const [kept, minted] = [fresh(), fresh()];
    const response = await send(batchFor("club", [custom(0)], { consent, anonymous_id: minted }), {
      cookie: `other=1; tm_id_club=${kept}`,
    });
    expect(setBy(response)).toEqual([]);
    await isKnown(kept);
    expect(await rollupVectorOf("user", minted, "club-read-key")).toBeUndefined();
  });

  it("is whom a user is linked to by identify", async () => {
    const [kept, user_id] = [fresh(), fresh()];
    const events = [{ type: "identify", seq: 0, time: NOW, user_id }];
    await send(batchFor("club", events, { consent, anonymous_id: fresh() }), { cookie: `tm_id_club=${kept}` });
    await isKnown(user_id);
    expect(await rollupVectorOf("user", user_id, "club-read-key")).toMatchObject({ anonymous_ids: [kept] });
  });

  it("is neither set nor looked at without stated consent", async () => {
    const [kept, own] = [fresh(), fresh()];
    expect(setBy(await send(batchFor("club", [custom(0)])))).toEqual([]);
    await send(batchFor("club", [custom(0)], { anonymous_id: own }), { cookie: `tm_id_club=${kept}` });
    await isKnown(own);
    expect(await rollupVectorOf("user", kept, "club-read-key")).toBeUndefined();
  });

  it("is not set when the batch is refused", async () => {
    const refused = await send(batchFor("bank", [custom(0)]), { origin: "https://bank.example" });
    expect([refused.status, setBy(refused)]).toEqual([403, []]);
    const foreign = await send(batchFor("club", [custom(0)], { consent }), { origin: "https://evil.example" });
    expect([foreign.status, setBy(foreign)]).toEqual([403, []]);
  });

  it("is not there for a site that has not turned it on", async () => {
    const [kept, own] = [fresh(), fresh()];
    const response = await send(batch([custom(0)], { consent, anonymous_id: own }), {
      origin: "https://shop.example",
      cookie: `tm_id_shop=${kept}`,
    });
    expect([response.status, setBy(response)]).toEqual([200, []]);
    await isKnown(own, "shop-read-key");
  });

  it("is its own: of two sites of one collector neither takes the other's", async () => {
    const [ofClub, ofBank, own] = [fresh(), fresh(), fresh()];
    const cookie = `tm_id_club=${ofClub}; tm_id_bank=${ofBank}`;
    await send(batchFor("club", [custom(0)], { consent }), { cookie });
    const toBank = { origin: "https://bank.example" };
    await send(batchFor("bank", [custom(0)], { consent }), { ...toBank, cookie });
    await isKnown(ofClub, "club-read-key");
    await isKnown(ofBank, "bank-read-key");
    for (const [id, key] of [
      [ofBank, "club-read-key"],
      [ofClub, "bank-read-key"],
    ] as const)
      expect(await rollupVectorOf("user", id, key)).toBeUndefined();

    const alone = await send(batchFor("bank", [custom(0)], { consent, anonymous_id: own }), {
      ...toBank,
      cookie: `tm_id_club=${ofClub}`,
    });
    expect(setBy(alone)).toEqual([expect.stringContaining(`tm_id_bank=${own};`)]);
    await isKnown(own, "bank-read-key");
  });

  it("that holds no id is as good as none: it is replaced, and nothing of it is kept", async () => {
    const forged = fc.oneof(
      fc.constantFrom(
        "",
        "short",
        "x".repeat(65),
        "a b c d e f",
        "%00%00%00%00%00%00%00%00",
        "blog:browser1",
        "../../../etc",
      ),
      fc.string({ unit: "grapheme", maxLength: 80 }).map(encodeURIComponent),
    );
    await fc.assert(
      fc.asyncProperty(forged, async (value) => {
        fc.pre(!/^[\w-]{8,64}$/.test(decodeURIComponent(value)));
        const anonymous_id = fresh();
        const body = batchFor("club", [custom(0)], { consent, anonymous_id });
        const response = await send(body, { cookie: `tm_id_club=${value}` });
        expect(response.status).toBe(200);
        expect(setBy(response)).toEqual([expect.stringContaining(`tm_id_club=${anonymous_id};`)]);
        expect((await vectorOf(body.session_id, "club-read-key")).delivery.received).toBe(1);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a page of a site with a cookie", () => {
  const cors = (response: Response) =>
    ["access-control-allow-origin", "access-control-allow-credentials", "vary"].map((name) =>
      response.headers.get(name),
    );

  it("may read answers to requests that bring it, refusals too", async () => {
    const exact = ["https://club.example", "true", "Origin"];
    expect(cors(await send(batchFor("club", [custom(0)], { consent })))).toEqual(exact);
    expect(cors(await send("no batch"))).toEqual(exact);
    expect(cors(await send(batchFor("bank", [custom(0)])))).toEqual(exact);
    expect(cors(await forget("tm_club_cccccccc"))).toEqual(exact);
  });

  it.each(["https://evil.example", "https://shop.example", "https://club.example.evil.example", "null"])(
    "is no page of %s",
    async (origin) => {
      expect(cors(await send(batchFor("club", [custom(0)], { consent }), { origin }))).toEqual(["*", null, null]);
    },
  );
});

describe("POST /v1/forget", () => {
  it("makes the browser forget its id: that site's, and only that", async () => {
    const response = await forget("tm_club_cccccccc");
    expect([response.status, setBy(response)]).toEqual([
      204,
      ["tm_id_club=; Max-Age=0; Path=/v1; HttpOnly; Secure; SameSite=Lax"],
    ]);
  });

  it("is for the site's own pages", async () => {
    for (const [path, headers, code] of [
      ["/v1/forget", {}, "unauthorized"],
      ["/v1/forget?key=tm_club_wrong", {}, "unknown_key"],
      ["/v1/forget?key=tm_club_cccccccc", { origin: "https://evil.example" }, "origin_not_allowed"],
    ] as const) {
      const response = await request(path, { method: "POST", headers });
      expect(setBy(response)).toEqual([]);
      expect(await response.json()).toMatchObject({ error: { code } });
    }
  });
});
