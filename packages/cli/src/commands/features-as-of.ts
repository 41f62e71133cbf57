import { servedSet, versionOf } from "@tidemark/collector/definition-version";
import type { Entity } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresInSet, featuresOf } from "@tidemark/schema/entities";
import { SESSION_KEPT_MS } from "@tidemark/schema/limits";
import { defineCommand } from "../command-line/command.ts";
import { CommandError, UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { vectorAsOf } from "../log/as-of.ts";
import { findCollector } from "../log/collector-address.ts";
import { findSet, folderFlags, logFlags, siteFor, type TrainingSite } from "../log/log-flags.ts";
import { openLogFolder } from "../log/log-folder.ts";
import { openLog } from "../log/open-log.ts";
import { DAY_MS, parseMoment } from "../log/time-range.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

/** Greatest width of a value in the table for people, in characters. */
const MAX_WIDTH = 60;

/** Longest time from a session's first event to a moment at which the collector still had it, in milliseconds. */
const LOOKBACK_MS = DAY_MS + SESSION_KEPT_MS;

const entityFor = ({ features }: TrainingSite, given: string): Entity => {
  const entities = entitiesIn(features);
  const entity = entities.find((each) => entityNameOf({ entity: each }) === given);
  if (entity) return entity;
  const names = entities.map((each) => entityNameOf({ entity: each })).join(", ");
  throw new CommandError(`No feature is defined for ${JSON.stringify(given)}; expected one of ${names}.`);
};

/** `tidemark features as-of`. */
export const featuresAsOf = defineCommand({
  name: "tidemark features as-of",
  summary:
    "Computes the features of a session, user, page or custom entity as they were served at a moment, from the log.",
  positionals: {
    placeholder: "<entity> <id>",
    description: "session, user, page or the name of a custom entity, and its id.",
  },
  flags: {
    ...logFlags,
    ...folderFlags,
    at: {
      value: "<time>",
      description: "The moment: a time in UTC, or UTC milliseconds. It has no default.",
    },
    set: {
      value: "<name>",
      description: "Only the features of this set, in its highest version; <name>:<version> for another one.",
    },
    json: { description: "Prints the vector as one JSON object, with the fields of GET /v1/features." },
  },
  examples: [
    ["tidemark features as-of user ann --at 2026-11-29T09:30Z", "Prints the features of a user at that time."],
    [
      "tidemark features as-of page /pricing --at 2026-11-29 --set shop_page --json",
      "Prints the features of a set for a program.",
    ],
  ],
  async run({ url, log: logFolder, site: siteId, at: time, set: setName, json = false }, [name, id, ...others]) {
    if (name === undefined || id === undefined || others.length > 0)
      throw new UsageError("tidemark features as-of expects two arguments: the entity and its id.");
    if (time === undefined) throw new UsageError("tidemark features as-of needs --at <time>.");
    const as_of = parseMoment(time, "--at");
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const entity = entityFor(site, name);
    const features = featuresOf(site.features, name);
    const set = setName === undefined ? undefined : findSet(site, setName);
    if (set && set.entity !== name)
      throw new CommandError(`--set: ${set.name} is a set of ${set.entity}; expected one of ${name}.`);

    const received = { to: as_of + 1, ...(name === "session" && { from: as_of - LOOKBACK_MS }) };
    const log = await (logFolder === undefined
      ? openLog(deployment, await findCollector(deployment, url), site, { received, memoryLimit: MEMORY_LIMIT })
      : openLogFolder(logFolder, site, { memoryLimit: MEMORY_LIMIT }));
    try {
      const found = await withProgress(
        () => `Computing the features of ${name} ${id}`,
        () => vectorAsOf(log.database, features, { entity, id, at: as_of }),
      );
      const moment = new Date(as_of).toISOString();
      if (!found)
        throw new CommandError(
          `The log of site ${site.id} has no event of ${name} ${JSON.stringify(id)} by ${moment}.`,
        );
      const { incomplete, features: all, ...freshness } = found;
      const selected = set
        ? Object.fromEntries(featuresInSet(set, site.features).map((each) => [each.name, all[each.name] ?? null]))
        : all;
      const vector = {
        ...{ entity: name, id, as_of, ...freshness, age_ms: Math.max(as_of - found.event_time, 0) },
        definition_version: versionOf(site.features),
        ...(set && { set: servedSet(set, site.features) }),
        features: selected,
      };
      if (json) console.log(JSON.stringify(vector));
      else {
        console.log(`${name} ${id} at ${moment}, ${vector.age_ms} ms after its latest event.\n`);
        console.log(formatTable(["feature", "value"], Object.entries(selected), MAX_WIDTH));
      }
      if (incomplete > 0)
        console.error(
          `The log does not have the first records of ${incomplete} of its sessions: the values can differ from those that were served.`,
        );
    } finally {
      log.close();
    }
    return 0;
  },
});
