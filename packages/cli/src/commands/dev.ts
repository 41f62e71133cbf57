import { statSync } from "node:fs";
import { webhookSecretNamesOf } from "@tidemark/collector/config";
import { defineCommand } from "../command-line/command.ts";
import { CommandError, UsageError } from "../command-line/command-error.ts";
import { columns } from "../command-line/help.ts";
import { type Deployment, openDeployment } from "../deployment/deployment.ts";
import { type LocalCollector, startLocalCollector } from "../local-stack/local-collector.ts";
import { startLocalStack } from "../local-stack/local-stack.ts";
import { linkRows, networkNotice, portNotice, stateNotice } from "../local-stack/notices.ts";
import { STATE } from "../local-stack/running-collector.ts";
import { serveUntilInterrupted } from "../local-stack/serve-until-interrupted.ts";
import type { Site } from "../local-stack/site-server.ts";

const DEFAULT_PORT = 8787;

/** The running collector, and the site when `--site` is given. */
interface Servers {
  collector: LocalCollector;
  site?: Site;
  stop(): Promise<void>;
}

const parsePort = (text: string): number => {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`--port expects a number from 1 to 65535; given ${JSON.stringify(text)}.`);
};

const introduction = ({ config }: Deployment, { collector, site }: Servers, isPublic: boolean): string => {
  const links = [
    ...(site ? linkRows("Site", site.origin, "/", isPublic) : []),
    ...linkRows("Collector", collector.origin, "/healthz", isPublic),
    ...linkRows("Script tag", collector.origin, "/tidemark.js", isPublic),
  ];
  const keys = [
    ...config.sites.map(({ id, readKeySecret }) => [readKeySecret, `reads the features of site ${id}`] as const),
    ...config.sites.flatMap(({ id, userTokenSecret }) =>
      userTokenSecret === undefined ? [] : [[userTokenSecret, `vouches for the users of site ${id}`] as const],
    ),
    [config.adminKeySecret, "reads the log and /metrics"] as const,
    ...webhookSecretNamesOf(config).map((secret) => [secret, "signs messages to a webhook"] as const),
  ].map(([secret, use]) => [secret, `${collector.keys[secret]}   ${use}`] as const);
  return `
Tidemark is running.

${columns(links)}

Keys, the same at each start; set others in .dev.vars:

${columns(keys)}

The collector reloads when tidemark.config.ts changes. Press Ctrl-C to stop.`;
};

/** `tidemark dev`. */
export const dev = defineCommand({
  name: "tidemark dev",
  summary: "Runs the collector on this machine, in the Workers runtime, until Ctrl-C.",
  flags: {
    site: {
      value: "<folder>",
      description:
        "Also serves a folder of pages, in which http://localhost:8787 is replaced by the collector's real origin.",
    },
    host: { description: "Listens on all network interfaces, so that phones and other machines can connect." },
    port: {
      value: "<port>",
      description: `Port of the collector; the site uses the next one. Default: ${DEFAULT_PORT}.`,
    },
  },
  examples: [
    ["tidemark dev", "Runs only the collector."],
    ["tidemark dev --site public --host", "Also serves the pages in public/, for a phone in the same network."],
  ],
  async run({ site: folder, host: isPublic = false, port: portText = `${DEFAULT_PORT}` }) {
    const port = parsePort(portText);
    const sitePort = port < 65_535 ? port + 1 : port - 1;
    if (folder !== undefined && !statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new CommandError(`--site: expected the path of a folder; given ${folder}, which is not a folder.`);
    const deployment = await openDeployment();

    const options = { isPublic, state: STATE, onError: (text: string) => process.stderr.write(text) };
    const start = async (): Promise<Servers> => {
      if (folder !== undefined) {
        return startLocalStack({ ...options, site: folder, ports: { collector: port, site: sitePort } });
      }
      const collector = await startLocalCollector(deployment, { ...options, port });
      return { collector, stop: collector.stop };
    };
    await serveUntilInterrupted(start, (servers) => {
      const { collector, site } = servers;
      const notices = [
        ...portNotice("The collector", port, collector.origin),
        ...(site ? portNotice("The site", sitePort, site.origin) : []),
        ...stateNotice(collector),
        ...networkNotice(isPublic),
      ];
      for (const notice of notices) console.log(notice);
      console.log(introduction(deployment, servers, isPublic));
    });
    return 0;
  },
});
