import { resolve } from "node:path";
import { servedSet } from "@tidemark/collector/definition-version";
import type { Feature } from "@tidemark/schema";
import { featuresInSet } from "@tidemark/schema/entities";
import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { parseDuration } from "../log/duration.ts";
import { makeLabels } from "../log/goal-labels.ts";
import type { Identity } from "../log/label-entities.ts";
import { type Labels, readLabels } from "../log/labels.ts";
import { findSet, folderFlags, goalFor, logFlags, setsOf, siteFor } from "../log/log-flags.ts";
import { endOf, openLogFolder } from "../log/log-folder.ts";
import { openLog } from "../log/open-log.ts";
import { createServed } from "../log/served-vectors.ts";
import { prepareEvents, writeServedSet, writeTrainingSet } from "../log/training-set.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

/** Greatest number of missing entities in the output for people. */
const MAX_SHOWN = 10;

const DEFAULT_AFTER = "30s";

/** `tidemark training-set`. */
export const trainingSet = defineCommand({
  name: "tidemark training-set",
  summary: "Joins labels with the features of a set as they were at each label's time, and writes them as Parquet.",
  flags: {
    ...logFlags,
    ...folderFlags,
    set: {
      value: "<name>",
      description: "Feature set in tidemark.config.ts, in its highest version; <name>:<version> for another one.",
    },
    labels: {
      value: "<file>",
      description:
        "CSV or Parquet with a row for each label: the entity's id, the moment as_of (a time, or UTC milliseconds), and any other columns, which are kept.",
    },
    goal: {
      value: "<name>",
      description: "Goal in tidemark.config.ts of which labels are made, in place of --labels.",
    },
    horizon: {
      value: "<duration>",
      description:
        "With --goal: time within which the goal counts, from the label's moment on, such as 7d, 12h, 30m or 90s.",
    },
    after: {
      value: "<duration>",
      description: `With --goal: time from an entity's first event in a session to the label's moment. Default: ${DEFAULT_AFTER}.`,
    },
    served: {
      description:
        "The rows are vectors of the set that the collector really served, with the time, age and reader: needs log in the set. With --goal each of them is a label; a label of a file has the latest one by its moment.",
    },
    out: { value: "<file>", description: "Parquet file to write. It has no default." },
    identity: {
      value: "<rule>",
      description:
        "as_of: events count for the user that they were captured with, as the collector serves it. final: for the latest user of their browser, also one that is known later. Default: as_of.",
    },
    traffic: {
      value: "<kinds>",
      description:
        "visitors: leaves out labels of automated tests and of the site's own people. all: keeps them. Default: visitors.",
    },
    json: { description: "Prints the summary, and then each feature, as a JSON object on a line of its own." },
  },
  examples: [
    [
      "tidemark training-set --labels labels.csv --set purchase_intent --out training.parquet",
      "Adds the features to the labels of a file.",
    ],
    [
      "tidemark training-set --goal purchase --horizon 7d --set purchase_intent --out training.parquet",
      "Labels whether a purchase follows within a week.",
    ],
    [
      "tidemark training-set --served --goal purchase --horizon 7d --set purchase_intent --out served.parquet",
      "The same of each vector that was served, with the values that its reader had.",
    ],
  ],
  async run(values) {
    const {
      url,
      log: logFolder,
      site: siteId,
      labels: file,
      goal: goalName,
      horizon,
      after,
      out,
      served: isServed = false,
      json = false,
    } = values;
    const { identity = "as_of", traffic = "visitors" } = values;
    if (out === undefined) throw new UsageError("tidemark training-set needs --out <file>.");
    if (!/\.parquet$/.test(out)) throw new UsageError(`--out expects the name of a .parquet file; given ${out}.`);
    if ((file === undefined) === (goalName === undefined))
      throw new UsageError("tidemark training-set needs either --labels <file> or --goal <name>.");
    if (goalName !== undefined && horizon === undefined) throw new UsageError("--goal needs --horizon <duration>.");
    if (goalName === undefined && (horizon ?? after) !== undefined)
      throw new UsageError("--horizon and --after are for labels of --goal.");
    if (isServed && (after !== undefined || identity !== "as_of"))
      throw new UsageError(
        "--served has the moments and users of the reads: it allows neither --after nor --identity final.",
      );
    if (!["as_of", "final"].includes(identity))
      throw new UsageError(`--identity expects as_of or final; given ${JSON.stringify(identity)}.`);
    if (!["visitors", "all"].includes(traffic))
      throw new UsageError(`--traffic expects visitors or all; given ${JSON.stringify(traffic)}.`);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    if (values.set === undefined) throw new UsageError(`tidemark training-set needs --set <name>: ${setsOf(site)}.`);
    const set = findSet(site, values.set);
    const goal = goalName === undefined ? undefined : goalFor(site, goalName);
    const own = featuresInSet(set, site.features);
    const served = servedSet(set, site.features);

    const openedAt = Date.now();
    const log = await (logFolder === undefined
      ? openLog(deployment, await findCollector(deployment, url), site, { memoryLimit: MEMORY_LIMIT })
      : openLogFolder(logFolder, site, { memoryLimit: MEMORY_LIMIT }));
    try {
      const { database } = log;
      const { summary, incomplete, otherDefinitions } = await withProgress(
        () => `Computing the features of ${set.name}`,
        async () => {
          const parts = await prepareEvents(database, identity as Identity);
          const { other_definitions = 0 } = isServed ? await createServed(database, served, site.features, own) : {};
          const after_ms = parseDuration(after ?? DEFAULT_AFTER, "--after");
          const labels: Labels & { incomplete?: number } = goal
            ? await makeLabels(database, {
                ...{ goal, entity: (own[0] as Feature).entity, moments: isServed ? "served" : { after_ms } },
                horizon_ms: parseDuration(horizon, "--horizon"),
                end: logFolder === undefined ? openedAt : await endOf(database),
              })
            : await readLabels(database, file as string);
          const options = {
            ...{ own, set: served, labels, identity: identity as Identity },
            ...{ keepsTraffic: traffic === "all", out: resolve(out) },
          };
          const summary = isServed
            ? await writeServedSet(database, options)
            : await writeTrainingSet(database, { ...options, features: site.features, parts });
          return { summary, incomplete: labels.incomplete, otherDefinitions: other_definitions };
        },
      );
      const { features, ...counts } = summary;
      if (json) {
        console.log(
          JSON.stringify({
            file: out,
            set: served,
            ...counts,
            ...(goal && { incomplete }),
            ...(isServed && { other_definitions: otherDefinitions }),
          }),
        );
        for (const feature of features) console.log(JSON.stringify(feature));
        return 0;
      }
      console.log(`${out}: ${counts.rows} rows with set ${served.name} version ${served.version} (${served.hash}).\n`);
      console.log(
        formatTable(
          ["feature", "engine", "nulls", "min", "max"],
          features.map((each) => Object.values(each)),
          40,
        ),
      );
      const { test, internal } = counts.traffic;
      const notices = [
        ...(test + internal > 0
          ? [`Left out: ${test} labels of tests, ${internal} of the site's own people. --traffic all keeps them.`]
          : []),
        ...(incomplete ? [`Left out: ${incomplete} labels whose horizon has not passed yet.`] : []),
        ...(otherDefinitions > 0
          ? [`Left out: ${otherDefinitions} served vectors of other definitions than today's.`]
          : []),
        ...(counts.missing_labels > 0
          ? [
              `${counts.missing_labels} labels are of entities ${isServed ? "without a served vector by then, and are left out" : "without an event before them, and have the values of no events"}: ${counts.missing.slice(0, MAX_SHOWN).join(", ")}${counts.missing.length > MAX_SHOWN ? ", …" : ""}`,
            ]
          : []),
      ];
      if (notices.length > 0) console.log(`\n${notices.join("\n")}`);
    } finally {
      log.close();
    }
    return 0;
  },
});
