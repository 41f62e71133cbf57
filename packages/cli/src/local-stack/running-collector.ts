import { join } from "node:path";
import type { Deployment } from "../deployment/deployment.ts";
import { type Keys, storedKeys } from "./keys.ts";
import { originOf } from "./state-claim.ts";

/** The folder of a local collector's storage in the deployment's folder; `wrangler dev` has the same default. */
export const STATE = ".wrangler/state";

/** A collector that runs on this machine, which another command has started. */
export interface RunningCollector {
  origin: string;
  /** Keys of the deployment, by the names of their secrets. */
  keys: Keys;
}

/**
 * Finds the collector that `tidemark dev` runs with the storage of a deployment, on any port; `undefined` when none
 * runs.
 */
export const runningCollector = async (deployment: Deployment): Promise<RunningCollector | undefined> => {
  const origin = await originOf(join(deployment.folder, STATE));
  return origin === undefined ? undefined : { origin, keys: await storedKeys(deployment) };
};
