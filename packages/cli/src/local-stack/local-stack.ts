import getPort from "get-port";
import { type Deployment, openDeployment } from "../deployment/deployment.ts";
import { type LocalCollector, type LocalCollectorOptions, startLocalCollector } from "./local-collector.ts";
import { type Site, serveSite } from "./site-server.ts";

/** A running collector and site on this machine. */
export interface LocalStack {
  collector: LocalCollector;
  site: Site;
  /** The read key of the deployment's first site. */
  readKey: string;
  /** The operator's key. */
  adminKey: string;
  stop(): Promise<void>;
}

/**
 * Options of {@link startLocalStack}. The inherited options apply to the collector, and `isPublic` also to the site.
 */
export interface LocalStackOptions extends Omit<LocalCollectorOptions, "port"> {
  /** Folder of the deployment. Default: the current folder. */
  deployment?: string | undefined;
  /**
   * Folder of the site's pages, or a function that starts the site; its pages send events to the collector's origin.
   */
  site: string | ((port: number, collector: string) => Promise<Site>);
  /** Preferred ports; free ones replace those in use. Default: any free ports. */
  ports?: { collector: number; site: number } | undefined;
}

const firstReadKey = ({ config }: Deployment, { keys }: LocalCollector): string =>
  keys[config.sites[0]?.readKeySecret ?? ""] ?? "";

/**
 * Starts a collector and a site. When a wanted port is in use, it uses a free one.
 *
 * @throws CommandError when the deployment is incomplete or invalid, or the collector does not start.
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
      // Another program has occupied the port since `getPort` found it free.
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
