import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@tidemark/collector/config";
import { describe, expect, it } from "vitest";
import { newKeys, storedKeys } from "../../src/local-stack/keys.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const site = { origins: ["https://a.example"] };
const config = defineConfig({
  sites: [
    { ...site, id: "shop", key: "tm_shop_aaaaaaaa", readKeySecret: "SHOP_KEY" },
    { ...site, id: "blog", key: "tm_blog_aaaaaaaa", readKeySecret: "BLOG_KEY" },
  ],
  adminKeySecret: "ADMIN_KEY",
  features: [],
});

const deploymentIn = (folder: string) => ({ folder, config, wranglerConfig: join(folder, "wrangler.toml") });

describe("newKeys", () => {
  it("generates a new key for each secret", () => {
    expect(Object.keys(newKeys(config)).sort()).toEqual(["ADMIN_KEY", "BLOG_KEY", "SHOP_KEY"]);
    expect(newKeys(config).ADMIN_KEY).not.toBe(newKeys(config).ADMIN_KEY);
  });

  it("generates secrets of webhooks that sign", () => {
    const webhook = { url: "https://a.example/hook", secrets: ["HOOK_NEW", "HOOK_OLD"] };
    const { HOOK_NEW = "", HOOK_OLD = "" } = newKeys(defineConfig({ ...config, webhook }));
    for (const secret of [HOOK_NEW, HOOK_OLD]) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(HOOK_NEW).not.toBe(HOOK_OLD);
  });
});

describe("storedKeys", () => {
  it("generates the keys once", async () => {
    const folder = temporaryFolder();
    const first = await storedKeys(deploymentIn(folder));
    expect(new Set(Object.values(first)).size).toBe(3);
    expect(await storedKeys(deploymentIn(folder))).toEqual(first);
  });

  it("returns the keys that .dev.vars sets", async () => {
    const folder = temporaryFolder({ ".dev.vars": '# mine\nSHOP_KEY="mine"\nADMIN_KEY=\nOTHER=1\n' });
    const keys = await storedKeys(deploymentIn(folder));
    expect(keys.SHOP_KEY).toBe("mine");
    expect(Object.keys(keys).sort()).toEqual(["ADMIN_KEY", "BLOG_KEY", "SHOP_KEY"]);
    expect(keys.ADMIN_KEY).toMatch(/^[0-9a-f]{32}$/);
    expect(await storedKeys(deploymentIn(folder))).toEqual(keys);
  });

  it.each(["", "null", "[]", "{", '{ "SHOP_KEY": 5, "ADMIN_KEY": "" }'])(
    "generates new keys when the stored file has no valid ones: %j",
    async (stored) => {
      const folder = temporaryFolder({ ".wrangler/tidemark-keys.json": stored });
      const keys = await storedKeys(deploymentIn(folder));
      expect(Object.values(keys)).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^[0-9a-f]{32}$/)));
      expect(await storedKeys(deploymentIn(folder))).toEqual(keys);
    },
  );

  it("does not change .dev.vars", async () => {
    const folder = temporaryFolder({ ".dev.vars": "SHOP_KEY=mine\n" });
    await storedKeys(deploymentIn(folder));
    expect(readFileSync(join(folder, ".dev.vars"), "utf8")).toBe("SHOP_KEY=mine\n");
  });
});
