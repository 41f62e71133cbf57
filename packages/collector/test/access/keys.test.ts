import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { bearerOf, isSecret, secretOf } from "../../src/access/keys.ts";

const bearerIn = async (authorization?: string): Promise<string | null> => {
  const app = new Hono().get("/", (c) => c.json(bearerOf(c) ?? null));
  return (await app.request("/", { headers: authorization === undefined ? {} : { authorization } })).json();
};

describe("bearerOf", () => {
  it.each([
    ["Bearer key", "key"],
    ["bearer key", "key"],
    ["BEARER   key", "key"],
    ["Bearer a key of words", "a key of words"],
  ])("reads the key from %o", async (header, key) => {
    expect(await bearerIn(header)).toBe(key);
  });

  it.each([undefined, "", "Bearer", "Bearer ", "Basic key", "key", "Bearerkey"])(
    "reads no key from %o",
    async (header) => {
      expect(await bearerIn(header)).toBeNull();
    },
  );
});

const env = { READ_KEY: "secret", EMPTY: "", BINDING: {} };

describe("secretOf", () => {
  it("returns secrets that are non-empty strings", () => {
    const names = ["READ_KEY", "EMPTY", "BINDING", "OTHER", "toString"];
    expect(names.map((name) => secretOf(env, name))).toEqual(["secret", ...Array(4).fill(undefined)]);
  });
});

describe("isSecret", () => {
  it.each(["Secret", "secre", "secrets", "", undefined])("rejects %o for another secret", async (key) => {
    expect(await isSecret(env, "READ_KEY", key)).toBe(false);
  });

  it("accepts the secret", async () => {
    expect(await isSecret(env, "READ_KEY", "secret")).toBe(true);
  });

  it("rejects every key for a secret that is empty or not set", async () => {
    const keys = ["", "undefined", "[object Object]", undefined];
    const names = ["EMPTY", "BINDING", "OTHER"];
    const results = names.flatMap((name) => keys.map((key) => isSecret(env, name, key)));
    expect(new Set(await Promise.all(results))).toEqual(new Set([false]));
  });
});
