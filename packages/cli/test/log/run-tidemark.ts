import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../temporary-folder.ts";

/** Path of the program. */
export const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../../../../node_modules/@tidemark", import.meta.url));

/** Configuration of a deployment with the site `shop`. @param features A JavaScript expression of its features. */
export const configWith = (features: string): string => `import { defaultFeatures } from "@tidemark/schema";
export default {
  sites: [{ id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "SHOP_KEY" }],
  adminKeySecret: "ADMIN_KEY",
  features: ${features},
};`;

/** Creates the folder of a deployment, which the test removes. */
export const deploymentFolder = (config = configWith("defaultFeatures")): string => {
  const folder = temporaryFolder({ "package.json": '{ "type": "module" }', "wrangler.toml": "" });
  writeFileSync(join(folder, "tidemark.config.ts"), config);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGES, join(folder, "node_modules/@tidemark"));
  return folder;
};

/** The outcome of a command. */
export interface Outcome {
  code: number;
  stdout: string;
  /** Standard error without reports of progress, which depend on the machine. */
  stderr: string;
  /** The lines of standard output as JSON. */
  json(): Record<string, unknown>[];
}

/** Standard error without reports of progress. */
export const withoutProgress = (stderr: string): string => stderr.replaceAll(/^.*…\n/gm, "");

/** Runs `tidemark` in a folder. */
export const runTidemark = (folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> => {
  const { TIDEMARK_URL: _, TIDEMARK_ADMIN_KEY: __, ...inherited } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { cwd: folder, env: { ...inherited, ...env }, maxBuffer: 1e9 },
      (error, stdout, stderr) =>
        resolve({
          code: error ? Number(error.code) : 0,
          stdout,
          stderr: withoutProgress(stderr),
          json: () =>
            stdout
              .trimEnd()
              .split("\n")
              .filter(Boolean)
              .map((line) => JSON.parse(line)),
        }),
    );
  });
};
