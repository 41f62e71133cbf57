import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { packInto } from "../../scripts/pack.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

declare module "vitest" {
  interface ProvidedContext {
    /** Folder with the packed packages. */
    packed: string;
  }
}

/** Packs the packages into a temporary folder. It builds them, which no test may do while another one reads them. */
export const packPackages = async (): Promise<{ folder: string; remove(): Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-packed-"));
  const [command, ...args] = packInto(folder);
  // The build scripts of the packages start the first `node` in PATH.
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  await promisify(execFile)(command, args, { cwd: ROOT, env: { ...process.env, PATH } });
  return { folder, remove: () => rm(folder, { recursive: true }) };
};

/** Packs the packages before the tests of a run. Returns a function that removes them. */
export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const { folder, remove } = await packPackages();
  provide("packed", folder);
  return remove;
};
