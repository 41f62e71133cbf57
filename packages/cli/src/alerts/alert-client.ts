import type { AlertSilence, AlertsResponse, AlertTestResponse } from "@tidemark/schema";
import { CommandError } from "../command-line/command-error.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { errorOf, noCollector, noResponse } from "../log/collector-errors.ts";
import { logFlags } from "../log/log-flags.ts";

/** Flags of each command about alerts. */
export const alertFlags = {
  url: logFlags.url,
  json: { description: "Prints JSON objects, each on a line of its own." },
} as const;

/** A silence that a user adds. */
interface NewSilence {
  alert?: string;
  labels: Record<string, string>;
  /** A time in ISO 8601. */
  until: string;
  comment: string;
}

/** The alerts of a deployment. Each method throws a CommandError that says what to do. */
export interface AlertClient {
  list(): Promise<AlertsResponse>;
  test(): Promise<AlertTestResponse>;
  silence(silence: NewSilence): Promise<AlertSilence>;
  /** Removes a silence. Returns whether there was one. */
  unsilence(id: string): Promise<boolean>;
}

/** Finds the alerts of the deployment in this folder. */
export const findAlerts = async (given: string | undefined): Promise<AlertClient> => {
  const { url, adminKey } = await findCollector(await openDeployment(), given);
  const call = async <Body>(method: string, path: string, body?: object): Promise<Body> => {
    const headers = { authorization: `Bearer ${adminKey}`, ...(body && { "content-type": "application/json" }) };
    const response = await fetch(`${url}/v1/alerts${path}`, {
      ...{ method, headers },
      ...(body && { body: JSON.stringify(body) }),
    }).catch(noResponse(url));
    if (response.ok) return (await response.json()) as Body;
    const { code, message } = await errorOf(response);
    if (response.status === 401)
      throw new CommandError(
        `The collector at ${url} rejected the operator's key. Set TIDEMARK_ADMIN_KEY to the value of the secret that adminKeySecret names in its tidemark.config.ts.`,
      );
    if (code === undefined) throw noCollector(url, response.status, message);
    throw new CommandError(`The collector at ${url} responded ${response.status} ${code}: ${message}`);
  };
  return {
    list: () => call("GET", ""),
    test: () => call("POST", "/test"),
    silence: (silence) => call("POST", "/silences", silence),
    unsilence: async (id) =>
      (await call<{ removed: boolean }>("DELETE", `/silences/${encodeURIComponent(id)}`)).removed,
  };
};

/** Labels as people read them. */
export const labelsText = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(" ");

/** A time as people read it, such as `2026-11-30 09:00:00`, in UTC. */
export const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
