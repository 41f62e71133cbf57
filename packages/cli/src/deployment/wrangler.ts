import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Unstable_Config as WranglerConfig } from "wrangler";
import { CommandError } from "../command-line/command-error.ts";

/** The wrangler that is installed in a deployment. */
interface Wrangler {
  /** Path of its executable. */
  program: string;
  /** URL of its module. */
  module: string;
}

const findWrangler = (folder: string): Wrangler => {
  const { resolve } = createRequire(join(folder, "package.json"));
  try {
    const manifest = resolve("wrangler/package.json");
    const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
    return { program: join(dirname(manifest), bin.wrangler), module: pathToFileURL(resolve("wrangler")).href };
  } catch (error) {
    throw new CommandError(`${folder} has no wrangler. Install it: npm install --save-dev wrangler`, { cause: error });
  }
};

/** Options of {@link spawnWrangler}. */
export interface WranglerOptions extends Pick<SpawnOptions, "detached" | "env" | "stdio"> {
  /** Options of the Node process that runs wrangler. Default: none. */
  nodeOptions?: readonly string[];
}

/**
 * Starts the wrangler of a deployment, with metrics off.
 *
 * @throws CommandError when the deployment has no wrangler.
 */
export const spawnWrangler = (
  folder: string,
  args: readonly string[],
  { env, nodeOptions = [], ...options }: WranglerOptions,
): ChildProcess =>
  spawn(process.execPath, [...nodeOptions, findWrangler(folder).program, ...args], {
    ...options,
    cwd: folder,
    // Wrangler runs the deployment's build command, which must find the same Node as this process.
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      WRANGLER_SEND_METRICS: "false",
      ...env,
    },
  });

/** Runs the wrangler of a deployment in this terminal. Returns its exit code, or 1 when a signal ended it. */
export const runWrangler = async (folder: string, args: readonly string[]): Promise<number> => {
  const [code, signal] = await once(spawnWrangler(folder, args, { stdio: "inherit" }), "exit");
  return signal ? 1 : code;
};

/**
 * Reads wrangler's configuration of a deployment with wrangler's own parser.
 *
 * @throws CommandError when wrangler rejects it.
 */
export const readWranglerConfig = async (folder: string, path: string): Promise<WranglerConfig> => {
  const { unstable_readConfig } = (await import(findWrangler(folder).module)) as typeof import("wrangler");
  try {
    return unstable_readConfig({ config: path }, { hideWarnings: true });
  } catch (error) {
    const { message, location } = error as Error & { location?: { line: number } };
    throw new CommandError(`${basename(path)}${location ? `:${location.line}` : ""}: ${message}`);
  }
};
