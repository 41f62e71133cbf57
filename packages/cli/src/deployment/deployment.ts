import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { defineConfig, type TidemarkConfig } from "@tidemark/collector/config";
import { CommandError } from "../command-line/command-error.ts";

const CONFIG = "tidemark.config.ts";

/** The names under which wrangler looks for its configuration, in its own order. */
const WRANGLER_CONFIGS = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/** A deployment of the collector, as a folder on this machine. */
export interface Deployment {
  /** Absolute path of the folder. */
  folder: string;
  /** The configuration in `tidemark.config.ts`, checked. */
  config: TidemarkConfig;
  /** Absolute path of wrangler's configuration. */
  wranglerConfig: string;
}

/** The position in a file that a syntax error names in the first line of its stack. */
const positionOf = (error: Error): string =>
  /^(?:file:\/\/)?(\/\S+:\d+)$/m.exec(error.stack?.split("\n")[0] ?? "")?.[1] ?? "";

const loadConfig = async (path: string): Promise<TidemarkConfig> => {
  let loaded: { default?: TidemarkConfig };
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith(`${CONFIG}:`)) throw new CommandError(message);
    const position = positionOf(error as Error);
    throw new CommandError(`${CONFIG} cannot be loaded: ${message}${position && ` (${position})`}`);
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
 * @throws CommandError when a file is missing, or that names the site or feature, the field and the expected value.
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
      `${resolve(folder)} is not the folder of a deployment: it has no ${missing.join(" and no ")}. Run tidemark where these files are.`,
    );
  }
  return { folder: resolve(folder), config: await loadConfig(at(CONFIG)), wranglerConfig };
};
