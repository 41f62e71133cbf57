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

/**
 * Finds the collector that a command talks to: the one at `--url`, else at `TIDEMARK_URL`, else the one that runs in
 * the deployment's folder. The key is `TIDEMARK_ADMIN_KEY`. A collector of this machine needs no such variable: its
 * keys are in the deployment's folder.
 *
 * @throws CommandError when no collector runs, or its key is unknown.
 */
export const findCollector = async (deployment: Deployment, given: string | undefined): Promise<CollectorAddress> => {
  const { adminKeySecret } = deployment.config;
  const { TIDEMARK_URL, TIDEMARK_ADMIN_KEY } = process.env;
  const text = given ?? (TIDEMARK_URL || undefined);
  if (text === undefined) {
    const running = await runningCollector(deployment);
    if (running) return { url: running.origin, adminKey: running.keys[adminKeySecret] ?? "" };
    throw new CommandError(
      `No collector runs in ${deployment.folder}. Start one with tidemark dev, or name one with --url <url> or TIDEMARK_URL.`,
    );
  }
  const url = parseUrl(text, given === undefined ? "TIDEMARK_URL" : "--url");
  const isLocal = LOOPBACK.has(url.hostname);
  const adminKey = TIDEMARK_ADMIN_KEY || (isLocal ? (await storedKeys(deployment))[adminKeySecret] : undefined);
  if (adminKey) return { url: `${url.origin}${url.pathname}`.replace(/\/$/, ""), adminKey };
  throw new CommandError(
    `The collector at ${url.origin} needs the operator's key. Set TIDEMARK_ADMIN_KEY to the value of its secret ${adminKeySecret}.`,
  );
};
