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
  /** Preferred port; a free one replaces it when it is in use. Default: any free port. */
  port?: number | undefined;
  /** Whether it listens on all network interfaces. Default: only on the loopback interface. */
  isPublic?: boolean | undefined;
  /**
   * Folder for the collector's storage, relative to the deployment's folder. The keys are then the same at each start.
   * While another process uses the folder, the storage is temporary. Default: temporary storage and new keys at each
   * start.
   */
  state?: string | undefined;
  /**
   * Receives wrangler's standard error once the collector runs. When given, a collector that exits, such as after an
   * invalid change of the configuration, restarts at the next change in the deployment's folder. Default: no restart.
   */
  onError?: ((text: string) => void) | undefined;
}

/** A running collector of a deployment on this machine. */
export interface LocalCollector {
  origin: string;
  /** Keys of the deployment, by the names of their secrets. */
  keys: Keys;
  /** Absolute path of the storage's folder. */
  state: string;
  /** Id of the process that uses the wanted folder; present when this collector uses a temporary one instead. */
  stateUsedBy?: number;
  /** Stops the collector and its child processes with SIGTERM, and removes temporary storage. */
  stop(): Promise<void>;
  /** Ends the collector with SIGKILL, like a power failure. */
  kill(): Promise<void>;
  /** Starts a killed collector again, with the same port and storage. */
  restart(): Promise<void>;
}

/** The folder of one collector's storage. */
interface Storage {
  folder: string;
  /** Id of the process that uses the wanted folder; present when this folder is a temporary one instead. */
  usedBy?: number;
  /** The claim of a permanent folder; absent for a temporary one. */
  claim?: StateClaim;
  /** Ends the use of the folder, and removes a temporary one. */
  release(): Promise<void>;
}

const originAt = (port: number): string => `http://localhost:${port}`;

const temporaryStorage = (): Storage => {
  const { path, remove } = createTemporaryFolder("tidemark-");
  return { folder: path, release: async () => remove() };
};

const storageIn = async (folder: string): Promise<Storage> => {
  const claim = await claimState(folder);
  return "usedBy" in claim ? { ...temporaryStorage(), ...claim } : { folder, claim, release: () => claim.release() };
};

/**
 * Starts the collector of a deployment in the Workers runtime. When the wanted port is in use, it uses a free one.
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
    await storage.claim?.add(started.pid, originAt(port));
    return started;
  };
  const startOnAnotherPort = async (error: Error): Promise<CollectorProcess> => {
    // Another program has occupied the port since `getPort` found it free.
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
    origin: originAt(port),
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
