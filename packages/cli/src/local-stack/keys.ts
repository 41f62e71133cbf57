import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { secretNamesOf, type TidemarkConfig, webhookSecretNamesOf } from "@tidemark/collector/config";
import type { Deployment } from "../deployment/deployment.ts";

/** The secrets of the sites and of their webhooks, and the operator's key, by the names of their secrets. */
export type Keys = Record<string, string>;

/** The file with the secrets of a local deployment, in wrangler's format: one `NAME=value` per line. */
const DEV_VARS = ".dev.vars";

/** The file with the generated keys, which apply to secrets without a value in {@link DEV_VARS}. */
const DEV_KEYS = ".wrangler/tidemark-keys.json";

const keyNames = ({ adminKeySecret, sites }: TidemarkConfig): string[] => [
  ...new Set([adminKeySecret, ...sites.flatMap(secretNamesOf)]),
];

const secretNames = (config: TidemarkConfig): string[] => [...keyNames(config), ...webhookSecretNamesOf(config)];

/** Generates random keys for all secrets of a configuration. Those of webhooks have the form of Standard Webhooks. */
export const newKeys = (config: TidemarkConfig): Keys =>
  Object.fromEntries([
    ...keyNames(config).map((name) => [name, randomBytes(16).toString("hex")] as const),
    ...webhookSecretNamesOf(config).map((name) => [name, `whsec_${randomBytes(32).toString("base64")}`] as const),
  ]);

const readText = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** Parses keys from a JSON object. Returns no keys for any other text. */
const parseKeys = (json: string): Keys => {
  try {
    const stored: object = JSON.parse(json) ?? {};
    return Object.fromEntries(Object.entries(stored).filter(([, key]) => typeof key === "string" && key !== ""));
  } catch {
    return {};
  }
};

/**
 * Returns the keys of a deployment on this machine, which are the same at each start. `.dev.vars` may set them; the
 * others are generated once and stored in `.wrangler`.
 */
export const storedKeys = async ({ folder, config }: Deployment): Promise<Keys> => {
  const path = join(folder, DEV_KEYS);
  const [set, stored] = [parseEnv(await readText(join(folder, DEV_VARS))), parseKeys(await readText(path))];
  const generated = { ...newKeys(config), ...stored };
  if (secretNames(config).some((name) => !set[name] && !stored[name])) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(generated, null, 2)}\n`, { mode: 0o600 });
  }
  return Object.fromEntries(secretNames(config).map((name) => [name, set[name] || generated[name] || ""]));
};
