import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../../../../node_modules/@tidemark", import.meta.url));

const CONFIG = `export default {
  sites: [{ id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "SHOP_KEY" }],
  adminKeySecret: "ADMIN_KEY",
  features: [],
};`;

const WRANGLER_CONFIG = {
  main: MAIN,
  durable_objects: {
    bindings: [
      { name: "SESSION", class_name: "Session" },
      { name: "PARTITION", class_name: "Partition" },
      { name: "ENTITY_SHARD", class_name: "EntityShard" },
      { name: "LOG_WRITER", class_name: "LogWriter" },
      { name: "SCHEDULE", class_name: "Schedule" },
      { name: "EGRESS", class_name: "Egress" },
      { name: "METRICS", class_name: "Metrics" },
    ],
  },
  migrations: [
    { new_sqlite_classes: ["Session", "Partition", "EntityShard", "LogWriter", "Schedule", "Egress", "Metrics"] },
  ],
  assets: { directory: "." },
  build: {},
};

/** Runs `tidemark ship` with a fake wrangler that only prints its arguments, and returns them. */
const shipWith = (args: string[], env: NodeJS.ProcessEnv = {}): string | undefined => {
  const folder = temporaryFolder({
    ...{ "package.json": '{ "type": "module" }', "tidemark.config.ts": CONFIG, "wrangler.toml": "", "tidemark.js": "" },
    "node_modules/wrangler/package.json": JSON.stringify({ bin: { wrangler: "program.mjs" }, main: "module.mjs" }),
    "node_modules/wrangler/module.mjs": `export const unstable_readConfig = () => (${JSON.stringify(WRANGLER_CONFIG)});`,
    "node_modules/wrangler/program.mjs": 'console.log("wrangler", ...process.argv.slice(2));',
  });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(PACKAGES, join(folder, "node_modules/@tidemark"));
  const { npm_config_dry_run: _, ...inherited } = process.env;
  const { stdout } = spawnSync(process.execPath, [MAIN, "ship", ...args], {
    ...{ cwd: folder, encoding: "utf8", env: { ...inherited, ...env } },
  });
  return /^wrangler (.*)$/m.exec(stdout)?.[1];
};

describe("tidemark ship", () => {
  it("deploys with wrangler, and passes --dry-run to it", () => {
    expect(shipWith([])).toBe("deploy");
    expect(shipWith(["--dry-run"])).toBe("deploy --dry-run");
  });

  it("deploys nothing when npm consumed --dry-run", () => {
    expect(shipWith([], { npm_config_dry_run: "true" })).toBe("deploy --dry-run");
  });

  it.each([["--dryrun"], ["--dry-run=yes"], ["--", "--dry-run"], ["dry-run"], ["-n"]])(
    "does not start wrangler for an invalid command line: %j",
    (...args) => {
      expect(shipWith(args)).toBeUndefined();
    },
  );
});
