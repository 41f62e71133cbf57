import { relative, resolve } from "node:path";
import { entityNameOf } from "@tidemark/schema/entities";
import { checkEmptyFolder } from "../command-line/check-empty-folder.ts";
import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { backfill as writeBackfill } from "../log/backfill.ts";
import { findCollector } from "../log/collector-address.ts";
import { featureEngines } from "../log/feature-engines.ts";
import { folderFlags, logFlags, siteFor } from "../log/log-flags.ts";
import { openLogFolder } from "../log/log-folder.ts";
import { openLog } from "../log/open-log.ts";
import { parseRange } from "../log/time-range.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

const ENGINES = ["sql", "replay"];

/** `tidemark backfill`. */
export const backfill = defineCommand({
  name: "tidemark backfill",
  summary: "Computes all features of the configuration from the log, also new ones, and writes them as Parquet.",
  flags: {
    ...logFlags,
    ...folderFlags,
    from: {
      value: "<time>",
      description: "Leaves out entities without an event from this time on. Their earlier events count.",
    },
    to: { value: "<time>", description: "Leaves out events from this time on." },
    out: { value: "<folder>", description: "New folder for the files, <entity>/<part>.parquet. It has no default." },
    engine: {
      value: "<engine>",
      description:
        "sql or replay, for all features. Default: sql for features that SQL computes exactly as the collector, else replay.",
    },
    json: { description: "Prints each feature and each file as a JSON object on a line of its own." },
  },
  examples: [
    ["tidemark backfill --out features", "Writes the vector of each entity as of its latest event."],
    [
      "tidemark backfill --from 2026-11-28 --to 2026-11-29 --out features",
      "Writes those of the entities with events on this day, as of its end.",
    ],
  ],
  async run({ url, log: logFolder, site: siteId, from, to, out, engine, json = false }) {
    if (out === undefined) throw new UsageError("tidemark backfill needs --out <folder>.");
    if (engine !== undefined && !ENGINES.includes(engine))
      throw new UsageError(`--engine expects ${ENGINES.join(" or ")}; given ${JSON.stringify(engine)}.`);
    const range = parseRange(from, to);
    const folder = resolve(out);
    await checkEmptyFolder("--out", folder);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const { replayed, reasons } = featureEngines(site.features, engine);

    // The history before `from` counts in the features of the entities.
    const log = await (logFolder === undefined
      ? openLog(deployment, await findCollector(deployment, url), site, {
          range: { to: range.to },
          memoryLimit: MEMORY_LIMIT,
        })
      : openLogFolder(logFolder, site, { memoryLimit: MEMORY_LIMIT }));
    let current = "";
    try {
      const onPart = (description: string) => {
        current = description;
      };
      const files = await withProgress(
        () => current,
        () => writeBackfill(log.database, { features: site.features, replayed, range, out: folder, onPart }),
      );
      const engines = site.features.map((feature) => ({
        feature: feature.name,
        entity: entityNameOf(feature),
        engine: replayed.has(feature.name) ? "replay" : "sql",
        reason: reasons.get(feature.name) ?? null,
      }));
      const written = files.map(({ path, ...file }) => ({ file: relative(".", path), ...file }));
      if (json) for (const line of [...engines, ...written]) console.log(JSON.stringify(line));
      else {
        console.log(
          formatTable(
            ["feature", "entity", "engine", "reason"],
            engines.map((each) => Object.values(each)),
          ),
        );
        console.log(
          `\n${formatTable(
            ["file", "entity", "rows"],
            written.map((each) => Object.values(each)),
          )}`,
        );
      }
    } finally {
      log.close();
    }
    return 0;
  },
});
