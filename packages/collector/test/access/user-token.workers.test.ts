import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isUserToken } from "../../src/access/user-token.ts";
import { type Env, sessionOf } from "../../src/env.ts";
import { unpackRecords } from "../../src/records/packed-records.ts";
import {
  accept,
  batch,
  batchFor,
  custom,
  errorOf,
  NOW,
  post,
  request,
  rollupVectorOf,
  rowsOf,
  SECRET,
  vectorOf,
} from "../workers/client.ts";
import { tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;

const tokenOf = (user: string, secret = "gate-user-tokens") => createHmac("sha256", secret).update(user).digest("hex");

/** Creates an id that no other test uses. */
const newId = (name: string) => `${name}-${crypto.randomUUID().slice(0, 8)}`;

/** Creates an id of a browser, in the form of the SDK. */
const newBrowser = () => crypto.getRandomValues(new Uint32Array(3)).join("-");

const identify = (seq: number, user_id: string) => ({ type: "identify", seq, time: NOW + seq, user_id });

const userOf = (id: string, readKey = "gate-read-key") => rollupVectorOf("user", id, readKey);

/** The events of a session as its partition receives them for the log. */
const loggedOf = (session_id: string) =>
  traffic.records
    .filter(({ session }) => session === session_id)
    .flatMap(({ records }) => [...unpackRecords(records)])
    .flatMap((record) => (record.kind === "event" ? [record.event] : []));

describe("a user token", () => {
  it.each<[what: string, token: (user: string) => string | undefined]>([
    ["no token", () => undefined],
    ["an empty token", () => ""],
    ["the token of another user", () => tokenOf("bob")],
    ["a token of another secret", (user) => tokenOf(user, "shop-user-tokens")],
    ["a token in capitals", (user) => tokenOf(user).toUpperCase()],
    ["a part of the token", (user) => tokenOf(user).slice(1)],
    ["the user's id", (user) => user],
  ])("does not vouch as %s", async (_, token) => {
    const user = newId("ann");
    expect(await isUserToken(bindings, tenant("gate").site, user, tokenOf(user))).toBe(true);
    expect(await isUserToken(bindings, tenant("gate").site, user, token(user))).toBe(false);
  });

  it("does not vouch for a user whose id has the form of a browser's", async () => {
    const id = newBrowser();
    expect(await isUserToken(bindings, tenant("gate").site, id, tokenOf(id))).toBe(false);
  });

  it("vouches for nobody without a secret, and with an unset one", async () => {
    const [user, token] = ["ann", tokenOf("ann", "")];
    expect(await isUserToken(bindings, tenant("blog").site, user, token)).toBe(false);
    expect(await isUserToken({}, tenant("gate").site, user, token)).toBe(false);
    expect(await isUserToken({ GATE_USER_TOKENS: "" }, tenant("gate").site, user, token)).toBe(false);
  });
});

describe("a site that requires user tokens", () => {
  it("counts the events of a user whose token is valid", async () => {
    const [user_id, anonymous_id] = [newId("ann"), newBrowser()];
    const body = batchFor("gate", [identify(0, user_id), custom(1)], {
      anonymous_id,
      user_id,
      user_token: tokenOf(user_id),
    });
    expect(await accept(body)).toMatchObject({ accepted: 2 });
    await expect.poll(() => userOf(user_id)).toMatchObject({ anonymous_ids: [anonymous_id] });
    await expect.poll(() => loggedOf(body.session_id).map((event) => event.user_id)).toEqual([user_id, user_id]);
    expect(await userOf(anonymous_id)).toBeUndefined();
  });

  it.each<[what: string, token: object]>([
    ["no token", {}],
    ["a wrong token", { user_token: tokenOf("bob") }],
    ["a long token", { user_token: "x".repeat(200) }],
  ])("keeps the user of a batch with %s as a claim, and measures its events for the browser", async (_, token) => {
    const [user_id, anonymous_id] = [newId("ann"), newBrowser()];
    const body = batchFor("gate", [identify(0, user_id), custom(1)], { anonymous_id, user_id, ...token });
    expect(await accept(body)).toMatchObject({ accepted: 2, rejected: [] });
    await expect.poll(() => userOf(anonymous_id)).toMatchObject({ features: { user_session_count: 1 } });
    expect(await userOf(user_id)).toBeUndefined();
    expect((await vectorOf(body.session_id, "gate-read-key")).features).toMatchObject({ event_count: 2 });
    await expect.poll(() => loggedOf(body.session_id)).toHaveLength(2);
    for (const event of loggedOf(body.session_id)) {
      expect(event).toMatchObject({ claimed_user_id: user_id, anonymous_id });
      expect(event.user_id).toBeUndefined();
    }
  });

  it("does not let the token of one user vouch for the identify event of another", async () => {
    const [ann, bob, anonymous_id] = [newId("ann"), newId("bob"), newBrowser()];
    const events = [identify(0, bob), custom(1)];
    await accept(batchFor("gate", events, { anonymous_id, user_id: ann, user_token: tokenOf(ann) }));
    await expect.poll(() => userOf(ann)).toMatchObject({ features: { user_session_count: 1 } });
    await expect.poll(() => userOf(anonymous_id)).toBeDefined();
    expect(await userOf(bob)).toBeUndefined();
  });

  it("rejects a browser that names itself like a user, in a batch and in the cookie", async () => {
    const user_id = newId("ann");
    const body = batchFor("gate", [custom(0)], { anonymous_id: user_id });
    const [status, code, message] = await errorOf(await post(JSON.stringify(body)));
    expect([status, code]).toEqual([400, "invalid_batch"]);
    expect(message).toContain("anonymous_id");

    const consent = { measurement: "granted", personalisation: "granted" };
    const anonymous_id = newBrowser();
    const response = await post(JSON.stringify({ ...body, anonymous_id, consent }), {
      cookie: `tm_id_gate=${user_id}`,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("set-cookie")).toContain(`tm_id_gate=${anonymous_id};`);
    await expect.poll(() => userOf(anonymous_id)).toBeDefined();
    expect(await userOf(user_id)).toBeUndefined();
  });

  it("stores no token", async () => {
    const user_id = newId("ann");
    const owner = { anonymous_id: newBrowser(), user_id, user_token: tokenOf(user_id) };
    const body = batchFor("gate", [custom(0)], { ...owner, session_secret: SECRET });
    await accept(body);
    const rows = await runInDurableObject(sessionOf(bindings, tenant("gate"), body.session_id), (_, { storage }) =>
      rowsOf(storage),
    );
    expect(JSON.stringify(rows)).toContain(user_id);
    expect(JSON.stringify(rows)).not.toContain(tokenOf(user_id));
  });
});

describe("a site that does not require user tokens", () => {
  it("counts the events of a user without one", async () => {
    const user_id = newId("ann");
    await accept(batch([custom(0)], { user_id }));
    await expect.poll(() => userOf(user_id, "shop-read-key")).toBeDefined();
  });
});

describe("POST /v1/features/user/{id}", () => {
  /** Stores an event of a new user. Returns the user's id and the body of a read by the page. */
  const newUser = async (more: object = {}) => {
    const user_id = newId("ann");
    const body = batch([custom(0)], { user_id, session_secret: SECRET, ...more });
    await accept(body);
    await expect.poll(() => userOf(user_id, "shop-read-key")).toBeDefined();
    const user_token = tokenOf(user_id, "shop-user-tokens");
    const { key, session_id } = body;
    return { user_id, read: { key, session_id, session_secret: SECRET, user_token } as Record<string, unknown> };
  };

  const readUser = (user_id: string, read: object, headers: Record<string, string> = {}) =>
    request(`/v1/features/user/${user_id}`, {
      method: "POST",
      headers: { origin: "https://shop.example", ...headers },
      body: JSON.stringify(read),
    });

  it("serves a page the user whose token it shows, without the ids of other browsers", async () => {
    const { user_id, read } = await newUser();
    const response = await readUser(user_id, read);
    expect(response.status).toBe(200);
    const vector = await response.json<object>();
    expect(vector).toMatchObject({ entity: "user", id: user_id, features: { user_session_count: 1 } });
    expect(vector).not.toHaveProperty("anonymous_ids");
  });

  it("serves no user without the user's token and the secret of the browser", async () => {
    const [{ user_id, read }, other] = [await newUser(), await newUser()];
    const codeOf = async (id: string, change: object, headers = {}) =>
      (await errorOf(await readUser(id, { ...read, ...change }, headers)))[1];
    expect(await codeOf(other.user_id, {})).toBe("unauthorized");
    expect(await codeOf(user_id, { user_token: "" })).toBe("unauthorized");
    expect(await codeOf(user_id, { user_token: undefined })).toBe("invalid_body");
    expect(await codeOf(user_id, { session_secret: SECRET.replaceAll("1", "7") })).toBe("not_found");
    expect(await codeOf(user_id, { key: "tm_blog_bbbbbbbb" }, { origin: "http://localhost:1" })).toBe("unauthorized");
    expect(await codeOf(user_id, {}, { origin: "https://evil.example" })).toBe("origin_not_allowed");
    expect(await codeOf(user_id, {}, { "sec-gpc": "1" })).toBe("no_consent");
  });

  it("serves no browser's features by its anonymous id", async () => {
    const anonymous_id = newBrowser();
    const body = batch([custom(0)], { anonymous_id, session_secret: SECRET });
    await accept(body);
    await expect.poll(() => userOf(anonymous_id, "shop-read-key")).toBeDefined();
    const { key, session_id } = body;
    const response = await readUser(anonymous_id, { key, session_id, session_secret: SECRET, user_token: "" });
    expect((await errorOf(response)).slice(0, 2)).toEqual([401, "unauthorized"]);
  });
});
