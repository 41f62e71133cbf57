import { CommandError } from "../command-line/command-error.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { storedKeys } from "../local-stack/keys.ts";
import { runningCollector } from "../local-stack/running-collector.ts";

/** A collector and the operator's key for it. */
export interface CollectorAddress {
  /** Origin and, when the collector has one, path, without a slash at the end. */
  url: string;
  adminKey: string;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

const parseUrl = (text: string, name: string): URL => {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new CommandError(
    `${name}: expected the address of a collector, such as https://collector.example; given ${text}`,
  );
};

/** A key of a collector: its secret, its variable of the environment, and its name for people. */
interface KeyNames {
  secret: string;
  variable: string;
  title: string;
}

/** Finds a collector and a key of it. @throws CommandError when no collector runs, or the key is unknown. */
const findWithKey = async (
  deployment: Deployment,
  given: string | undefined,
  { secret, variable, title }: KeyNames,
): Promise<{ url: string; key: string }> => {
  const text = given ?? (process.env.TIDEMARK_URL || undefined);
  if (text === undefined) {
    const running = await runningCollector(deployment);
    if (running) return { url: running.origin, key: running.keys[secret] ?? "" };
    throw new CommandError(
      `No collector runs in ${deployment.folder}. Start one with tidemark dev, or name one with --url <url> or TIDEMARK_URL.`,
    );
  }
  const url = parseUrl(text, given === undefined ? "TIDEMARK_URL" : "--url");
  const isLocal = LOOPBACK.has(url.hostname);
  const key = process.env[variable] || (isLocal ? (await storedKeys(deployment))[secret] : undefined);
  if (key) return { url: `${url.origin}${url.pathname}`.replace(/\/$/, ""), key };
  throw new CommandError(
    `The collector at ${url.origin} needs ${title}. Set ${variable} to the value of its secret ${secret}.`,
  );
};

/**
 * Finds the collector that a command talks to: the one at `--url`, else at `TIDEMARK_URL`, else the one that runs in
 * the deployment's folder. The key is `TIDEMARK_ADMIN_KEY`. A collector of this machine needs no such variable: its
 * keys are in the deployment's folder.
 *
 * @throws CommandError when no collector runs, or its key is unknown.
 */
export const findCollector = async (deployment: Deployment, given: string | undefined): Promise<CollectorAddress> => {
  const { adminKeySecret: secret } = deployment.config;
  const names = { secret, variable: "TIDEMARK_ADMIN_KEY", title: "the operator's key" };
  const { url, key } = await findWithKey(deployment, given, names);
  return { url, adminKey: key };
};

/** A collector and a site's read key for it. */
export interface ReaderAddress {
  /** As in {@link CollectorAddress}. */
  url: string;
  readKey: string;
}

/**
 * Finds the collector as {@link findCollector} does, with a site's read key: `TIDEMARK_READ_KEY`.
 *
 * @param secret Name of the key's secret.
 */
export const findReader = async (
  deployment: Deployment,
  given: string | undefined,
  secret: string,
): Promise<ReaderAddress> => {
  const names = { secret, variable: "TIDEMARK_READ_KEY", title: "the site's read key" };
  const { url, key } = await findWithKey(deployment, given, names);
  return { url, readKey: key };
};
