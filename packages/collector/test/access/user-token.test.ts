import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isUserToken } from "../../src/access/user-token.ts";
import type { Site } from "../../src/config.ts";

const site: Site = {
  id: "shop",
  key: "tm_shop_aaaaaaaa",
  origins: ["https://shop.example"],
  readKeySecret: "SHOP_READ_KEY",
  userTokenSecret: "SHOP_USER_TOKENS",
};

it("accepts the HMAC-SHA256 of RFC 4231", async () => {
  const token = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  expect(await isUserToken({ SHOP_USER_TOKENS: "Jefe" }, site, "what do ya want for nothing?", token)).toBe(true);
});

it("accepts the token in docs/security.md", async () => {
  const docs = readFileSync(`${import.meta.dirname}/../../../../docs/security.md`, "utf8");
  const [, secret = "", user = "", token] =
    /With the secret `(\w+)`, the token of `([\w-]+)` is\s+`(\w+)`/.exec(docs) ?? [];
  expect(await isUserToken({ SHOP_USER_TOKENS: secret }, site, user, token)).toBe(true);
});

it("is computed over the id in UTF-8", async () => {
  // hmac.new(b"secret", "J\u00fcrgen \U0001f388".encode(), hashlib.sha256).hexdigest() in Python.
  const token = "20194b58e5ee48e2f181e6df94078790c187479958b9066115bd949b258ff833";
  expect(await isUserToken({ SHOP_USER_TOKENS: "secret" }, site, "J\u00fcrgen \u{1f388}", token)).toBe(true);
});
