import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Feature } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { valueKindsOf } from "@tidemark/schema/value-kind";
import { defineCommand } from "../command-line/command.ts";
import { CommandError, UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { parseDuration } from "../log/duration.ts";
import { folderFlags, goalFor, logFlags, siteFor, type TrainingSite } from "../log/log-flags.ts";
import { endOf, openLogFolder } from "../log/log-folder.ts";
import { openLog } from "../log/open-log.ts";
import { parseRange } from "../log/time-range.ts";
import { prepareEvents } from "../log/training-set.ts";
import { evaluate } from "../models/evaluation.ts";
import { evaluationText, leftOutLine, refusalText } from "../models/evaluation-text.ts";
import { plot } from "../models/plot.ts";
import { readPredictions } from "../models/predictions.ts";
import { referencesOf } from "../models/references.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

const DEFAULT_AFTER = "30s";

/** The longest session. */
const SESSION_HORIZON = "24h";

const featureFor = ({ features }: TrainingSite, given: string, entity: string): Feature => {
  const own = features.filter((feature) => entityNameOf(feature) === entity);
  const kinds = valueKindsOf(features);
  const usable = own.filter(({ name }) => ["boolean", "number"].includes(kinds.get(name) ?? ""));
  const feature = usable.find(({ name }) => name === given);
  if (feature) return feature;
  throw new CommandError(
    `--label: expected a feature of a ${entity} whose value is a boolean or a number: ${usable.map(({ name }) => name).join(", ")}; given ${given}.`,
  );
};

/** `tidemark models evaluate`. */
export const modelsEvaluate = defineCommand({
  name: "tidemark models evaluate",
  summary: "Compares the predictions of a model in the log with what happened after them, by version.",
  flags: {
    ...logFlags,
    ...folderFlags,
    model: { value: "<name>", description: "Model whose predictions are compared. It has no default." },
    goal: {
      value: "<name>",
      description: "Goal in tidemark.config.ts: the label is whether one of its events follows the prediction.",
    },
    label: {
      value: "<feature>",
      description:
        "Feature of the same entity, in place of --goal: the label is whether it is true or greater than 0 at the end of the horizon.",
    },
    horizon: {
      value: "<duration>",
      description: `Time within which the label counts, from the prediction on, such as 7d, 12h, 30m or 90s. Default for sessions: ${SESSION_HORIZON}, which is their end.`,
    },
    after: {
      value: "<duration>",
      description: `Time from an entity's first event in a session to its first prediction that counts. Default: ${DEFAULT_AFTER}.`,
    },
    from: {
      value: "<time>",
      description: "First time of predictions, such as 2026-11-29 or 2026-11-29T09:30Z, in UTC.",
    },
    to: { value: "<time>", description: "First time after the predictions." },
    traffic: {
      value: "<kinds>",
      description:
        "visitors: leaves out predictions about automated tests and the site's own people. all: keeps them. Default: visitors.",
    },
    plot: {
      value: "<file>",
      description:
        "SVG file to write: a reliability diagram and the distribution of the predictions, for each version.",
    },
    json: { description: "Prints the evaluation as a JSON object." },
  },
  examples: [
    [
      "tidemark models evaluate --model purchase --goal purchase",
      "Compares predictions about sessions with purchases.",
    ],
    [
      "tidemark models evaluate --model churn --label user_is_active --horizon 7d --plot churn.svg",
      "Compares predictions about users with a feature a week later, and draws the calibration.",
    ],
  ],
  async run(values) {
    const {
      url,
      log: logFolder,
      site: siteId,
      model,
      goal: goalName,
      label: labelName,
      horizon,
      json = false,
    } = values;
    const { after = DEFAULT_AFTER, from, to, traffic = "visitors", plot: plotFile } = values;
    if (model === undefined) throw new UsageError("tidemark models evaluate needs --model <name>.");
    if ((goalName === undefined) === (labelName === undefined))
      throw new UsageError("tidemark models evaluate needs either --goal <name> or --label <feature>.");
    if (!["visitors", "all"].includes(traffic))
      throw new UsageError(`--traffic expects visitors or all; given ${JSON.stringify(traffic)}.`);
    if (plotFile !== undefined && !plotFile.endsWith(".svg"))
      throw new UsageError(`--plot expects the name of an .svg file; given ${plotFile}.`);
    const after_ms = after === "0s" ? 0 : parseDuration(after, "--after");
    const given_ms = horizon === undefined ? undefined : parseDuration(horizon, "--horizon");
    const range = parseRange(from, to);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const goal = goalName === undefined ? undefined : goalFor(site, goalName);

    const openedAt = Date.now();
    const log = await (logFolder === undefined
      ? openLog(deployment, await findCollector(deployment, url), site, { memoryLimit: MEMORY_LIMIT })
      : openLogFolder(logFolder, site, { memoryLimit: MEMORY_LIMIT }));
    try {
      const { database } = log;
      const entityName = await readPredictions(database, model, range);
      if (given_ms === undefined && entityName !== "session")
        throw new UsageError(`Predictions about a ${entityName} need --horizon <duration>.`);
      const horizon_ms = given_ms ?? parseDuration(SESSION_HORIZON, "--horizon");
      const entity = site.features.find((feature) => entityNameOf(feature) === entityName)?.entity;
      if (entity === undefined)
        throw new CommandError(
          `Model ${model} predicts for a ${entityName}, of which tidemark.config.ts has no feature.`,
        );
      const label = goal ? { goal } : { feature: featureFor(site, labelName as string, entityName) };
      const end = logFolder === undefined ? openedAt : await endOf(database);
      const versions = await withProgress(
        () => `Comparing the predictions of ${model}`,
        async () => {
          const parts = await prepareEvents(database, "as_of");
          return evaluate(database, {
            ...{ entity, after_ms, horizon_ms, end, label, features: site.features, parts },
            ...{ keepsTraffic: traffic === "all", references: referencesOf(site.models, model) },
          });
        },
      );
      if (versions.every(({ scores }) => scores === null))
        throw new CommandError(
          versions.flatMap((version) => [refusalText(version), leftOutLine(version) ?? []].flat()).join("\n"),
        );
      if (plotFile !== undefined) await writeFile(resolve(plotFile), plot(model, versions));
      const labelled = goalName === undefined ? { label: labelName } : { goal: goalName };
      if (json) {
        console.log(JSON.stringify({ model, entity: entityName, ...labelled, horizon_ms, after_ms, versions }));
        return 0;
      }
      const [kind, name] = Object.entries(labelled)[0] as [string, string];
      console.log(
        `Predictions of ${model} against the ${kind} ${name} within ${horizon ?? SESSION_HORIZON}: the first ones from ${after} on in each session. Intervals have 95 %.\n`,
      );
      console.log(evaluationText(versions));
      if (plotFile !== undefined) console.log(`\nWrote ${plotFile}.`);
    } finally {
      log.close();
    }
    return 0;
  },
});
