import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { eventsBySession } from "../log/events-by-session.ts";
import { logClient } from "../log/log-client.ts";
import { logFlags, siteFor } from "../log/log-flags.ts";
import { openLog } from "../log/open-log.ts";
import { rebuildStates } from "../log/rebuild-states.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** `tidemark rebuild`. */
export const rebuild = defineCommand({
  name: "tidemark rebuild",
  summary: "Computes users, pages and custom entities from the log of a site again, and replaces the stored ones.",
  flags: {
    ...logFlags,
    shard: {
      value: "<number>",
      description: "Replaces only the entities of this shard, 0 to 15. Default: all entities.",
    },
    json: { description: "Prints the result as a JSON object." },
  },
  examples: [
    [
      "tidemark rebuild",
      "Replaces all entities by the events that the log has. Until it ends, reads have a part of them.",
    ],
    ["tidemark rebuild --shard 3", "Replaces those of a shard whose object was lost."],
  ],
  async run({ url, site: siteId, shard, json = false }) {
    if (shard !== undefined && !/^\d{1,2}$/.test(shard))
      throw new UsageError(`--shard expects a number from 0 to 15; given ${JSON.stringify(shard)}.`);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const address = await findCollector(deployment, url);
    const client = logClient(address, site.id);
    // Downloads the files before the entities are deleted: reads lack the earlier events until the end.
    (await openLog(deployment, address, site, { memoryLimit: MEMORY_LIMIT })).close();
    const start = await client.beginRebuild(shard);
    const log = await openLog(deployment, address, site, { memoryLimit: MEMORY_LIMIT });
    let done = 0;
    try {
      const result = await withProgress(
        () => `Folding the log: ${done} events`,
        () =>
          rebuildStates(eventsBySession(log.database, site.features), {
            features: site.features,
            start,
            send: (target, pushes) => client.sendStates({ shard: target, sender: start.sender, pushes }),
            onProgress(events) {
              done = events;
            },
          }),
      );
      const { events, sessions, states, from } = result;
      if (json) console.log(JSON.stringify({ ...result, objects: start.targets.length }));
      else
        console.log(
          `Rebuilt ${counted(states, "state")} of ${counted(start.targets.length, "object")} from ${counted(events, "event")} of ${counted(sessions, "session")}${from === undefined ? "" : `, since ${new Date(from).toISOString()}`}.`,
        );
      return 0;
    } finally {
      log.close();
    }
  },
});
