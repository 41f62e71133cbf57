import { defineCommand } from "../command-line/command.ts";
import { CommandError, UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { parseDuration } from "../log/duration.ts";
import { folderFlags, goalFor, logFlags, siteFor } from "../log/log-flags.ts";
import { endOf, openLogFolder } from "../log/log-folder.ts";
import { openLog } from "../log/open-log.ts";
import { parseRange } from "../log/time-range.ts";
import { prepareEvents } from "../log/training-set.ts";
import { parseEventCondition } from "../reactions/event-condition.ts";
import { readSteps } from "../reactions/first-firings.ts";
import { reportReactions } from "../reactions/report.ts";
import { reportText } from "../reactions/report-text.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

/** The longest session. */
const DEFAULT_HORIZON = "24h";

/** `tidemark reactions report`. */
export const reactionsReport = defineCommand({
  name: "tidemark reactions report",
  summary:
    "Compares the sessions that received a reaction with those of its holdout: shares with an outcome, and lift.",
  flags: {
    ...logFlags,
    ...folderFlags,
    goal: {
      value: "<name>",
      description: "Goal in tidemark.config.ts: the outcome is whether one of its events follows in the same session.",
    },
    event: {
      value: "<condition>",
      description:
        "Event type with values of its fields, in place of --goal, such as custom:name=purchase or form_submit.",
    },
    reaction: { value: "<name>", description: "The only reaction to report. Default: all reactions in the log." },
    horizon: {
      value: "<duration>",
      description: `Time within which the outcome counts, from the firing on, such as 12h, 30m or 90s. Default: ${DEFAULT_HORIZON}, which is the rest of the session.`,
    },
    from: {
      value: "<time>",
      description: "First time of the firings, such as 2026-11-29 or 2026-11-29T09:30Z, in UTC.",
    },
    to: { value: "<time>", description: "First time after the firings." },
    traffic: {
      value: "<kinds>",
      description:
        "visitors: leaves out sessions of automated tests and the site's own people. all: keeps them. Default: visitors.",
    },
    json: { description: "Prints the report as a JSON object." },
  },
  examples: [
    ["tidemark reactions report --goal purchase", "Compares purchases with and without each reaction."],
    [
      "tidemark reactions report --reaction offer_help --event custom:name=add_to_basket --horizon 30m",
      "Compares one reaction by the events of its next half hour.",
    ],
  ],
  async run(values) {
    const { url, log: logFolder, site: siteId, goal: goalName, event, reaction, horizon, json = false } = values;
    const { from, to, traffic = "visitors" } = values;
    if ((goalName === undefined) === (event === undefined))
      throw new UsageError("tidemark reactions report needs either --goal <name> or --event <condition>.");
    if (!["visitors", "all"].includes(traffic))
      throw new UsageError(`--traffic expects visitors or all; given ${JSON.stringify(traffic)}.`);
    const horizon_ms = parseDuration(horizon ?? DEFAULT_HORIZON, "--horizon");
    const range = parseRange(from, to);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const goal = goalName === undefined ? parseEventCondition(event as string) : goalFor(site, goalName);

    const openedAt = Date.now();
    const log = await (logFolder === undefined
      ? openLog(deployment, await findCollector(deployment, url), site, { memoryLimit: MEMORY_LIMIT })
      : openLogFolder(logFolder, site, { memoryLimit: MEMORY_LIMIT }));
    try {
      const { database } = log;
      await readSteps(database, reaction);
      const end = logFolder === undefined ? openedAt : await endOf(database);
      const reactions = await withProgress(
        () => "Comparing the sessions of reactions",
        async () => {
          await prepareEvents(database, "as_of");
          return reportReactions(database, { goal, range, horizon_ms, end, keepsTraffic: traffic === "all" });
        },
      );
      if (reactions.length === 0) throw new CommandError("The log has no reactions that fired in this period.");
      const outcome = goalName === undefined ? { event } : { goal: goalName };
      if (json) {
        console.log(JSON.stringify({ ...outcome, horizon_ms, reactions }));
        return 0;
      }
      const [kind, name] = Object.entries(outcome)[0] as [string, string];
      console.log(
        `Sessions with the ${kind} ${name} within ${horizon ?? DEFAULT_HORIZON} after the first firing, by arm. Intervals have 95 %.\n`,
      );
      console.log(reportText(reactions));
    } finally {
      log.close();
    }
    return 0;
  },
});
