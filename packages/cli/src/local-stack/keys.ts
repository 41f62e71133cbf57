import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import type { TidemarkConfig } from "@tidemark/collector/config";
import type { Deployment } from "../deployment/deployment.ts";

/** The read keys of the sites and the operator's key, by the names of the secrets that hold them. */
export type Keys = Record<string, string>;

/** Secrets of a deployment on this machine, in wrangler's format: `NAME=value` in each line. */
const DEV_VARS = ".dev.vars";

/** Keys that were made for a deployment which sets none itself. */
const DEV_KEYS = ".wrangler/tidemark-keys.json";

const secretNames = ({ adminKeySecret, sites }: TidemarkConfig): string[] => [
  ...new Set([adminKeySecret, ...sites.map(({ readKeySecret }) => readKeySecret)]),
];

/** New random keys for all secrets of a configuration. */
export const newKeys = (config: TidemarkConfig): Keys =>
  Object.fromEntries(secretNames(config).map((name) => [name, randomBytes(16).toString("hex")]));

const readText = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** The keys in a JSON object; none in a text that is no such object. */
const parseKeys = (json: string): Keys => {
  try {
    const kept: object = JSON.parse(json) ?? {};
    return Object.fromEntries(Object.entries(kept).filter(([, key]) => typeof key === "string" && key !== ""));
  } catch {
    return {};
  }
};

/**
 * The keys of a deployment on this machine, the same at each start: those set in `.dev.vars`, and for all others keys that are
 * made once and kept in `.wrangler`.
 */
export const storedKeys = async ({ folder, config }: Deployment): Promise<Keys> => {
  const path = join(folder, DEV_KEYS);
  const [set, kept] = [parseEnv(await readText(join(folder, DEV_VARS))), parseKeys(await readText(path))];
  const made = { ...newKeys(config), ...kept };
  if (secretNames(config).some((name) => !set[name] && !kept[name])) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  }
  return Object.fromEntries(secretNames(config).map((name) => [name, set[name] || made[name] || ""]));
};
