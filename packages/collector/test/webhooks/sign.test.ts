import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { type Key, keyOf, signedHeaders } from "../../src/webhooks/sign.ts";

const secretOf = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString("base64")}`;
const bytes = (least: number, most = least) => fc.uint8Array({ minLength: least, maxLength: most });

const sign = (id: string, body: string, secrets: string[], now = Date.now()) =>
  signedHeaders(
    { id, body },
    secrets.map((secret) => keyOf(secret) as Key),
    now,
  );

describe("the headers of a message", () => {
  it("pass the official verification with each of its secrets alone, and with no other", async () => {
    const ids = fc.stringMatching(/^[\w-]{8,64}$/);
    const secrets = fc.uniqueArray(bytes(24, 64).map(secretOf), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(ids, fc.json(), secrets, async (id, body, [other = "", ...own]) => {
        const headers = await sign(id, body, own);
        expect(headers["webhook-signature"]?.split(" ")).toHaveLength(own.length);
        for (const secret of own) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
        expect(() => new Webhook(other).verify(body, headers)).toThrow("No matching signature");
      }),
      { numRuns: 50 },
    );
  });

  const secret = secretOf(new Uint8Array(32).fill(7));

  it.each([
    ["id", { "webhook-id": "another-id" }, 0, "{}"],
    ["time", {}, 60, "{}"],
    ["body", {}, 0, "{} "],
  ])("fail it with another %s", async (_, change, later, body) => {
    const headers = await sign("message-1", "{}", [secret]);
    const timestamp = `${Number(headers["webhook-timestamp"]) + later}`;
    const changed = { ...headers, "webhook-timestamp": timestamp, ...change };
    expect(() => new Webhook(secret).verify(body, changed)).toThrow("No matching signature");
  });

  it("are those of the official package, byte for byte", async () => {
    const [now, body] = [1_800_000_000_999, '{"name":"Zoë ☂"}'];
    expect(await sign("message-1", body, [secret], now)).toEqual({
      "webhook-id": "message-1",
      "webhook-timestamp": "1800000000",
      "webhook-signature": new Webhook(secret).sign("message-1", new Date(now), body),
    });
  });
});

describe("a secret", () => {
  it("is a key of 24 to 64 bytes", () => {
    fc.assert(
      fc.property(bytes(0, 80), (key) => {
        const isKey = key.length >= 24 && key.length <= 64;
        expect(keyOf(secretOf(key))).toEqual(isKey ? key : undefined);
      }),
    );
  });

  const base64 = Buffer.alloc(32, 7).toString("base64");
  it.each(["", "whsec_", base64, `whpk_${base64}`, `whsec_${base64} `, `whsec_${"a".repeat(33)}`, "whsec_äöü"])(
    "is not the text %j",
    (text) => expect(keyOf(text)).toBeUndefined(),
  );
});
