import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { defineConfig, type TidemarkConfig } from "@tidemark/collector/config";
import { CommandError } from "../command-line/command-error.ts";

const CONFIG = "tidemark.config.ts";

/** The names of wrangler's configuration file, in the order in which wrangler looks for them. */
const WRANGLER_CONFIGS = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/** A deployment of the collector: a folder with its configuration. */
export interface Deployment {
  /** Absolute path of the folder. */
  folder: string;
  /** The validated configuration in `tidemark.config.ts`. */
  config: TidemarkConfig;
  /** Absolute path of wrangler's configuration. */
  wranglerConfig: string;
}

/** Matches an absolute path or URL and a line number at the end of a line of a stack trace. */
const LOCATION = /(file:\/\/\S+?|(?<=^|\()\/.+?):(\d+)(?::\d+)?\)?$/;

/**
 * Returns the location of an error in the deployment's own files, such as `tidemark.config.ts:17`. A syntax error has
 * it in the first line of its stack trace. Other errors have it in the calls above Node's module loader.
 */
const locationOf = ({ stack = "" }: Error, folder: string): string | undefined => {
  for (const line of stack.split("\n")) {
    if (line.includes("node:internal/modules")) return undefined;
    const [, file, number] = LOCATION.exec(line) ?? [];
    const path = file && relative(folder, file.startsWith("file:") ? fileURLToPath(file) : file);
    if (path && !/^\.\.|node_modules/.test(path)) return `${path}:${number}`;
  }
  return undefined;
};

const loadConfig = async (path: string): Promise<TidemarkConfig> => {
  let loaded: { default?: TidemarkConfig };
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    if (error.message.startsWith(`${CONFIG}:`)) throw new CommandError(error.message);
    const position = locationOf(error, dirname(path));
    throw new CommandError(`${CONFIG} cannot be loaded: ${error.message}${position ? ` (${position})` : ""}`);
  }
  if (!loaded.default)
    throw new CommandError(`${CONFIG}: expected \`export default defineConfig({ … })\`; given no default export`);
  try {
    return defineConfig(loaded.default);
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
};

/**
 * Opens the deployment in a folder.
 *
 * @param folder Default: the current folder.
 * @throws CommandError when a file is missing or the configuration is invalid. It names the file, or the site or
 * feature, the field and the expected value.
 */
export const openDeployment = async (folder = "."): Promise<Deployment> => {
  const at = (name: string) => join(resolve(folder), name);
  const wranglerConfig = WRANGLER_CONFIGS.map(at).find(existsSync);
  const missing = [
    ...(existsSync(at(CONFIG)) ? [] : [CONFIG]),
    ...(wranglerConfig ? [] : ["wrangler.toml (or wrangler.json, wrangler.jsonc)"]),
  ];
  if (!wranglerConfig || missing.length) {
    throw new CommandError(
      `${resolve(folder)} is not the folder of a deployment: it has no ${missing.join(" and no ")}. Run tidemark in the folder of these files.`,
    );
  }
  return { folder: resolve(folder), config: await loadConfig(at(CONFIG)), wranglerConfig };
};
