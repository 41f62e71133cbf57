import { resolve } from "node:path";
import getPort from "get-port";
import type { Deployment } from "../deployment/deployment.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";
import { listenAddress } from "./addresses.ts";
import { type CollectorProcess, startCollectorProcess } from "./collector-process.ts";
import { keepRunning } from "./keep-running.ts";
import { type Keys, newKeys, storedKeys } from "./keys.ts";
import { claimState, type StateClaim } from "./state-claim.ts";

/** Options of {@link startLocalCollector}. */
export interface LocalCollectorOptions {
  /** Port to try first. Default: any free one. */
  port?: number | undefined;
  /** Whether it listens on all interfaces of this machine. Default: on the loopback interface alone. */
  isPublic?: boolean | undefined;
  /**
   * Folder for the collector's storage, relative to the deployment's. The keys are then the same at each start. While another
   * process uses it, the storage is a temporary one. Default: temporary storage and new keys, gone with the collector.
   */
  state?: string | undefined;
  /**
   * Receives what wrangler reports on standard error once the collector runs. When given, a collector that a change has ended, such as
   * a wrong configuration, starts again with the next change in the deployment's folder. Default: it stays ended.
   */
  onError?: ((text: string) => void) | undefined;
}

/** The collector of a deployment, running on this machine. */
export interface LocalCollector {
  origin: string;
  /** The deployment's keys, by the names of their secrets. */
  keys: Keys;
  /** Absolute path of the folder that holds the storage. */
  state: string;
  /** Id of the process that uses the wanted storage, when this collector had to take a temporary one. */
  stateUsedBy?: number;
  /** Ends it in good order, and everything that it started. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again on the same port and storage, after it was killed. */
  restart(): Promise<void>;
}

/** A folder that one collector uses for its storage. */
interface Storage {
  folder: string;
  /** Id of the process that uses the wanted folder, when this is a temporary one in its place. */
  usedBy?: number;
  /** The claim of a folder that lasts; none for a temporary one. */
  claim?: StateClaim;
  /** Ends the use: a temporary folder is removed. */
  release(): Promise<void>;
}

const temporaryStorage = (): Storage => {
  const { path, remove } = createTemporaryFolder("tidemark-");
  return { folder: path, release: async () => remove() };
};

const storageIn = async (folder: string): Promise<Storage> => {
  const claim = await claimState(folder);
  return "usedBy" in claim ? { ...temporaryStorage(), ...claim } : { folder, claim, release: () => claim.release() };
};

/**
 * Starts the collector of a deployment on the real Workers runtime. A port that is taken is replaced by a free one.
 *
 * @throws CommandError when it does not start.
 */
export const startLocalCollector = async (
  deployment: Deployment,
  { port: wanted, isPublic = false, state, onError }: LocalCollectorOptions = {},
): Promise<LocalCollector> => {
  const storage = state ? await storageIn(resolve(deployment.folder, state)) : temporaryStorage();
  const keys = state ? await storedKeys(deployment) : newKeys(deployment.config);
  let port = await getPort(wanted ? { port: [wanted] } : {});
  const start = async (): Promise<CollectorProcess> => {
    const started = await startCollectorProcess({
      ...{ folder: deployment.folder, port, ip: listenAddress(isPublic), state: storage.folder, keys, onError },
    });
    await storage.claim?.add(started.pid);
    return started;
  };
  const startOnAnotherPort = async (error: Error): Promise<CollectorProcess> => {
    // Another program took the port after it was found free.
    if (!/Address already in use/i.test(error.message)) throw error;
    port = await getPort();
    return start();
  };
  let running = await start()
    .catch(startOnAnotherPort)
    .catch(async (error) => {
      await storage.release();
      throw error;
    });
  const restart = async () => {
    running = await start();
  };
  const stopped = new AbortController();
  const self = { ended: () => running.ended, start: restart, stop: () => running.stop() };
  const keeping = onError && keepRunning(self, deployment.folder, onError, stopped.signal);
  return {
    origin: `http://localhost:${port}`,
    keys,
    state: storage.folder,
    ...(storage.usedBy === undefined ? {} : { stateUsedBy: storage.usedBy }),
    async stop() {
      stopped.abort();
      await running.stop();
      await keeping;
      await storage.release();
    },
    kill: () => running.kill(),
    restart,
  };
};
