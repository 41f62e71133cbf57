import type { Consent } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { batch, batchFor, custom, NOW, post, request, rollupVectorOf, vectorOf } from "../workers/client.ts";

const consent: Consent = { measurement: "granted", personalisation: "granted" };

/** Creates an id that no other test uses. */
const newId = () => `browser-${crypto.randomUUID().slice(0, 8)}`;

const send = (body: unknown, headers: Record<string, string> = {}) =>
  post(JSON.stringify(body), { origin: "https://club.example", "content-type": "text/plain", ...headers });

const setBy = (response: Response) => response.headers.getSetCookie();

/** Waits until the vector of a user or browser counts the session. */
const expectSessionOf = (id: string, readKey = "club-read-key") =>
  vi.waitFor(async () => expect((await rollupVectorOf("user", id, readKey))?.features.user_session_count).toBe(1), {
    timeout: 20_000,
    interval: 10,
  });

const forget = (key: string, headers: Record<string, string> = { origin: "https://club.example" }) =>
  request(`/v1/forget?key=${key}`, { method: "POST", headers });

describe("a site's cookie", () => {
  it("stores the batch's anonymous id for 400 days, hidden from scripts", async () => {
    const anonymous_id = newId();
    const response = await send(batchFor("club", [custom(0)], { consent, anonymous_id }));
    expect(response.status).toBe(200);
    expect(setBy(response)).toEqual([
      `tm_id_club=${anonymous_id}; Max-Age=34560000; Path=/v1; HttpOnly; Secure; SameSite=Lax`,
    ]);
    await expectSessionOf(anonymous_id);
  });

  it("overrides the batch's anonymous id after the browser has deleted the storage of scripts", async () => {
    const [inCookie, inBatch] = [newId(), newId()];
    const response = await send(batchFor("club", [custom(0)], { consent, anonymous_id: inBatch }), {
      cookie: `other=1; tm_id_club=${inCookie}`,
    });
    expect(setBy(response)).toEqual([]);
    await expectSessionOf(inCookie);
    expect(await rollupVectorOf("user", inBatch, "club-read-key")).toBeUndefined();
  });

  it("contains the id that identify links to the user", async () => {
    const [inCookie, user_id] = [newId(), newId()];
    const events = [{ type: "identify", seq: 0, time: NOW, user_id }];
    await send(batchFor("club", events, { consent, anonymous_id: newId() }), { cookie: `tm_id_club=${inCookie}` });
    await expectSessionOf(user_id);
    expect(await rollupVectorOf("user", user_id, "club-read-key")).toMatchObject({ anonymous_ids: [inCookie] });
  });

  it("is neither set nor read without stated consent", async () => {
    const [inCookie, inBatch] = [newId(), newId()];
    expect(setBy(await send(batchFor("club", [custom(0)])))).toEqual([]);
    await send(batchFor("club", [custom(0)], { anonymous_id: inBatch }), { cookie: `tm_id_club=${inCookie}` });
    await expectSessionOf(inBatch);
    expect(await rollupVectorOf("user", inCookie, "club-read-key")).toBeUndefined();
  });

  it("is not set if the batch is rejected", async () => {
    const rejected = await send(batchFor("bank", [custom(0)]), { origin: "https://bank.example" });
    expect([rejected.status, setBy(rejected)]).toEqual([403, []]);
    const foreign = await send(batchFor("club", [custom(0)], { consent }), { origin: "https://evil.example" });
    expect([foreign.status, setBy(foreign)]).toEqual([403, []]);
  });

  it("is neither set nor read for a site without the option `cookie`", async () => {
    const [inCookie, inBatch] = [newId(), newId()];
    const response = await send(batch([custom(0)], { consent, anonymous_id: inBatch }), {
      origin: "https://shop.example",
      cookie: `tm_id_shop=${inCookie}`,
    });
    expect([response.status, setBy(response)]).toEqual([200, []]);
    await expectSessionOf(inBatch, "shop-read-key");
  });

  it("is separate for each site of a collector", async () => {
    const [ofClub, ofBank, inBatch] = [newId(), newId(), newId()];
    const cookie = `tm_id_club=${ofClub}; tm_id_bank=${ofBank}`;
    await send(batchFor("club", [custom(0)], { consent }), { cookie });
    const toBank = { origin: "https://bank.example" };
    await send(batchFor("bank", [custom(0)], { consent }), { ...toBank, cookie });
    await expectSessionOf(ofClub, "club-read-key");
    await expectSessionOf(ofBank, "bank-read-key");
    for (const [id, key] of [
      [ofBank, "club-read-key"],
      [ofClub, "bank-read-key"],
    ] as const)
      expect(await rollupVectorOf("user", id, key)).toBeUndefined();

    const alone = await send(batchFor("bank", [custom(0)], { consent, anonymous_id: inBatch }), {
      ...toBank,
      cookie: `tm_id_club=${ofClub}`,
    });
    expect(setBy(alone)).toEqual([expect.stringContaining(`tm_id_bank=${inBatch};`)]);
    await expectSessionOf(inBatch, "bank-read-key");
  });

  it("is replaced if it contains no valid id, and its value is not stored", async () => {
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
        const anonymous_id = newId();
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

  it("may read the responses to requests with the cookie, including errors", async () => {
    const exact = ["https://club.example", "true", "Origin"];
    expect(cors(await send(batchFor("club", [custom(0)], { consent })))).toEqual(exact);
    expect(cors(await send("no batch"))).toEqual(exact);
    expect(cors(await send(batchFor("bank", [custom(0)])))).toEqual(exact);
    expect(cors(await forget("tm_club_cccccccc"))).toEqual(exact);
  });

  it.each([
    "/healthz",
    "/metrics",
    "/v1/features/session/club.session-1",
    "/v1/features/user/ann",
    "/v1/log/tail",
    "/",
  ])("gets no CORS credentials from %s, which takes no cookie", async (path) => {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await request(path, { method, headers: { origin: "https://club.example" } });
      expect(cors(response).slice(0, 2)).toEqual(["*", null]);
    }
  });

  it.each(["https://evil.example", "https://shop.example", "https://club.example.evil.example", "null"])(
    "gets no CORS credentials at the origin %s",
    async (origin) => {
      expect(cors(await send(batchFor("club", [custom(0)], { consent }), { origin }))).toEqual(["*", null, null]);
    },
  );
});

describe("POST /v1/forget", () => {
  it("deletes the cookie of that site only", async () => {
    const response = await forget("tm_club_cccccccc");
    expect([response.status, setBy(response)]).toEqual([
      204,
      ["tm_id_club=; Max-Age=0; Path=/v1; HttpOnly; Secure; SameSite=Lax"],
    ]);
  });

  it("rejects requests without the public key or from another origin", async () => {
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
