import { UsageError } from "../command-line/command-error.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { logFlags, siteFor } from "../log/log-flags.ts";
import { type SinkClient, sinkClient } from "./sink-client.ts";

/** Flags of each command about sinks. */
export const sinkFlags = {
  url: logFlags.url,
  site: { value: "<id>", description: "Site whose sinks are meant. Default: the only one." },
  json: { description: "Prints JSON objects, each on a line of its own." },
} as const;

/** The argument that names a sink. */
export const sinkArgument = { placeholder: "<sink>", description: "Name of the sink in tidemark.config.ts." } as const;

/** Finds the sinks of a site. */
export const findSinks = async (url: string | undefined, site: string | undefined): Promise<SinkClient> => {
  const deployment = await openDeployment();
  const { id } = siteFor(deployment, site);
  return sinkClient(await findCollector(deployment, url), id);
};

/** The only argument of a command. @throws UsageError */
export const onlySink = (command: string, names: readonly string[]): string => {
  const [name, ...others] = names;
  if (name !== undefined && others.length === 0) return name;
  throw new UsageError(`${command} expects the name of one sink; given ${names.join(" ") || "none"}.`);
};

/** The result of a change for people. */
export const changedText = (count: number): string => `${count} partition${count === 1 ? "" : "s"}`;
