import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Unstable_Config as WranglerConfig } from "wrangler";
import { CommandError } from "../command-line/command-error.ts";

/** The wrangler that a deployment has installed. */
interface Wrangler {
  /** Path of its program. */
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
    throw new CommandError(`${folder} has no wrangler: npm install --save-dev wrangler`, { cause: error });
  }
};

/** Options of {@link spawnWrangler}. */
export interface WranglerOptions extends Pick<SpawnOptions, "detached" | "env" | "stdio"> {
  /** Options of the Node that runs wrangler. Default: none. */
  nodeOptions?: readonly string[];
}

/**
 * Starts the wrangler of the deployment in a folder, without its questions and statistics.
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
    // Wrangler starts the deployment's build command, which finds the Node that runs here.
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      WRANGLER_SEND_METRICS: "false",
      ...env,
    },
  });

/** Runs the wrangler of a deployment in this terminal, and returns its exit code. */
export const runWrangler = async (folder: string, args: readonly string[]): Promise<number> => {
  const [code, signal] = await once(spawnWrangler(folder, args, { stdio: "inherit" }), "exit");
  return signal ? 1 : code;
};

/**
 * Reads wrangler's configuration of a deployment as wrangler does.
 *
 * @throws CommandError when wrangler does not accept it.
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
