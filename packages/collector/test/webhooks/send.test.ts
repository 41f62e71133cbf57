import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { RESPOND_WITHIN_MS, sendWebhook } from "../../src/webhooks/send.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterEach(() => {
  vi.restoreAllMocks();
  receiver.received = [];
  receiver.respond = (_, response) => response.writeHead(204).end();
});
afterAll(() => receiver.stop());

const [newer, older] = ["newer", "older"].map((text) => `whsec_${Buffer.from(text.padEnd(32)).toString("base64")}`);
const env = { NEWER: newer, OLDER: older, EMPTY: "", SHORT: "whsec_c2hvcnQ=" };
const message = { id: "reaction-0001", body: '{"type":"reaction.fired","data":{}}' };

const send = (secrets = ["NEWER"], url = receiver.url) => sendWebhook({ url, secrets }, env, message, Date.now());

const answer = (status: number, headers: Record<string, string> = {}) => {
  receiver.respond = (_, response) => response.writeHead(status, headers).end("text");
};

describe("an attempt to send a message", () => {
  it("is a request that the official verification accepts, with the old secret and with the new one", async () => {
    expect(await send(["NEWER", "OLDER"])).toEqual({ type: "delivered" });
    const [{ body, headers } = { body: "", headers: {} }] = receiver.received;
    expect(body).toBe(message.body);
    expect(headers["content-type"]).toBe("application/json");
    for (const secret of [newer, older])
      expect(new Webhook(secret ?? "").verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body));
  });

  it.each([200, 201, 202, 204, 299])("delivers the message with status %d", async (status) => {
    answer(status);
    expect(await send()).toEqual({ type: "delivered" });
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])("may be repeated after status %d", async (status) => {
    answer(status);
    const reason = `the receiver responded with status ${status}`;
    expect(await send()).toEqual({ type: "retry", reason, afterMs: 0 });
  });

  it.each([400, 401, 403, 404, 405, 409, 410, 413, 422])("is the last one after status %d", async (status) => {
    answer(status, { "retry-after": "1" });
    expect(await send()).toEqual({ type: "refused", reason: `the receiver responded with status ${status}`, status });
  });

  it.each([429, 503])("has the time that the receiver asks for with status %d", async (status) => {
    answer(status, { "retry-after": "120" });
    expect(await send()).toMatchObject({ type: "retry", afterMs: 120_000 });
  });

  it.each([301, 302, 307, 308])("follows no redirect with status %d", async (status) => {
    answer(status, { location: "/other" });
    expect(await send()).toMatchObject({ type: "retry", reason: expect.stringContaining("follows no redirects") });
    expect(receiver.received.map(({ path }) => path)).toEqual(["/hook"]);
  });

  it("ends after five seconds without a response", async () => {
    const real = AbortSignal.timeout;
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => real(100));
    receiver.respond = () => {};
    expect(await send()).toEqual({ type: "retry", reason: "the receiver did not respond in time", afterMs: 0 });
    expect(timeout).toHaveBeenCalledWith(5_000);
    expect(RESPOND_WITHIN_MS).toBe(5_000);
  });

  it("waits for no end of a response", async () => {
    let isClosed = false;
    receiver.respond = (_, response) => {
      response.writeHead(200);
      const writing = setInterval(() => response.write("x".repeat(65_536)), 1);
      response.on("close", () => {
        clearInterval(writing);
        isClosed = true;
      });
    };
    expect(await send()).toEqual({ type: "delivered" });
    await expect.poll(() => isClosed).toBe(true);
  });

  it.each([
    ["cuts the connection", () => send()],
    ["is not there", () => send(["NEWER"], "http://127.0.0.1:1/hook?token=hidden")],
  ])("may be repeated when the receiver %s", async (_, attempt) => {
    receiver.respond = (request) => request.socket.destroy();
    expect(await attempt()).toEqual({ type: "retry", reason: "the receiver could not be reached", afterMs: 0 });
  });

  it.each([
    ["MISSING", "the secret MISSING is not set"],
    ["EMPTY", "the secret EMPTY is not set"],
    ["SHORT", "the secret SHORT is not a webhook's secret: expected whsec_ and the base64 of 24 to 64 random bytes"],
  ])("does not happen without the secret %s", async (name, reason) => {
    expect(await send(["NEWER", name])).toEqual({ type: "retry", reason, afterMs: 0 });
    expect(receiver.received).toEqual([]);
  });
});
