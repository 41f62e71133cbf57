import getPort from "get-port";
import { type Deployment, openDeployment } from "../deployment/deployment.ts";
import { type LocalCollector, type LocalCollectorOptions, startLocalCollector } from "./local-collector.ts";
import { type Site, serveSite } from "./site-server.ts";

/** A collector and a site, running side by side on this machine. */
export interface LocalStack {
  collector: LocalCollector;
  site: Site;
  /** The read key of the deployment's first site. */
  readKey: string;
  /** The operator's key. */
  adminKey: string;
  stop(): Promise<void>;
}

/** Options of {@link startLocalStack}: those of its collector, which apply to the site too, and its own. */
export interface LocalStackOptions extends Omit<LocalCollectorOptions, "port"> {
  /** Folder of the collector's deployment. Default: the current folder. */
  deployment?: string | undefined;
  /** Folder that the site serves, or a function that starts the site, with pages that send to the collector's origin. */
  site: string | ((port: number, collector: string) => Promise<Site>);
  /** Ports to try first. Default: any free ones. */
  ports?: { collector: number; site: number } | undefined;
}

const firstReadKey = ({ config }: Deployment, { keys }: LocalCollector): string =>
  keys[config.sites[0]?.readKeySecret ?? ""] ?? "";

/**
 * Starts the stack. A port that is taken is replaced by a free one.
 *
 * @throws CommandError when the deployment is not complete, or the collector does not start.
 */
export const startLocalStack = async ({
  deployment: folder,
  site: siteOption,
  ports,
  ...options
}: LocalStackOptions): Promise<LocalStack> => {
  const serve =
    typeof siteOption === "string"
      ? (port: number, collector: string) => serveSite(siteOption, { port, collector, isPublic: options.isPublic })
      : siteOption;
  const deployment = await openDeployment(folder);
  const collector = await startLocalCollector(deployment, { ...options, port: ports?.collector });
  const site = await getPort(ports ? { port: [ports.site] } : {})
    .then((port) => serve(port, collector.origin))
    .catch(async (error: NodeJS.ErrnoException) => {
      // Another program took the port after it was found free.
      if (error.code !== "EADDRINUSE") throw error;
      return serve(await getPort(), collector.origin);
    })
    .catch(async (error) => {
      await collector.stop();
      throw error;
    });
  return {
    collector,
    site,
    readKey: firstReadKey(deployment, collector),
    adminKey: collector.keys[deployment.config.adminKeySecret] ?? "",
    async stop() {
      await site.stop();
      await collector.stop();
    },
  };
};
