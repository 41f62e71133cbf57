import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { type CollectorProcess, startCollector } from "./collector-process.ts";
import { EXAMPLE, type Site, serveSite } from "./site-server.ts";

/** The collector and the example site, running side by side on this machine. */
export interface Stack {
  collector: CollectorProcess;
  site: Site;
  /** The read key of the example's site. */
  readKey: string;
  /** The operator's key. */
  adminKey: string;
  /** Starts the collector again on the same port and storage, after it was killed. */
  restartCollector(): Promise<void>;
  stop(): Promise<void>;
}

/** What {@link startStack} may be told. */
export interface StackOptions {
  /** Ports to try first. Default: any free ones. */
  ports?: { collector: number; site: number };
  /** Folder that the site serves. Default: the example. */
  folder?: string;
  /** Serves the site on a port, with pages that send to the collector's origin. Default: the folder, as it is. */
  serve?: (port: number, collector: string) => Promise<Site>;
  /** Folder for the collector's storage. Default: a temporary one, gone with the stack. */
  state?: string;
}

/** Starts the stack. A port that is taken is replaced by a free one. */
export const startStack = async ({
  ports,
  folder = EXAMPLE,
  serve = (port, collector) => serveSite(folder, port, collector),
  state,
}: StackOptions = {}): Promise<Stack> => {
  const storage = state ?? (await mkdtemp(join(tmpdir(), "tidemark-")));
  const readKey = crypto.randomUUID();
  const adminKey = crypto.randomUUID();
  const port = await getPort(ports && { port: [ports.collector] });
  const start = () => startCollector({ port, state: storage, readKey, adminKey });
  const collector = await start();
  const site = await serve(await getPort(ports && { port: [ports.site] }), collector.origin).catch(async (error) => {
    await collector.stop();
    throw error;
  });
  const stack: Stack = {
    collector,
    site,
    readKey,
    adminKey,
    async restartCollector() {
      stack.collector = await start();
    },
    async stop() {
      await stack.site.stop();
      await stack.collector.stop();
      if (!state) await rm(storage, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return stack;
};
