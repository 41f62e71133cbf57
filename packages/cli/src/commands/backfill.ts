import { readdir } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { entityNameOf } from "@tidemark/schema/entities";
import { defineCommand } from "../command-line/command.ts";
import { CommandError, UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { backfill as writeBackfill } from "../log/backfill.ts";
import { findCollector } from "../log/collector-address.ts";
import { replayReasons } from "../log/feature-engines.ts";
import { logFlags, siteFor } from "../log/log-flags.ts";
import { openLog } from "../log/open-log.ts";
import { parseRange } from "../log/time-range.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

const ENGINES = ["sql", "replay"];

const checkFolder = async (out: string): Promise<void> => {
  const names = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") throw new CommandError(`--out: expected a folder; ${out} is not one.`);
    throw error;
  });
  if (names.length > 0)
    throw new CommandError(`--out: expected an empty or a new folder; ${out} has ${names.length} files.`);
};

/** `tidemark backfill`. */
export const backfill = defineCommand({
  name: "tidemark backfill",
  summary: "Computes all features of the configuration from the log, also new ones, and writes them as Parquet.",
  flags: {
    ...logFlags,
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
  async run({ url, site: siteId, from, to, out, engine, json = false }) {
    if (out === undefined) throw new UsageError("tidemark backfill needs --out <folder>.");
    if (engine !== undefined && !ENGINES.includes(engine))
      throw new UsageError(`--engine expects ${ENGINES.join(" or ")}; given ${JSON.stringify(engine)}.`);
    const range = parseRange(from, to);
    const folder = resolve(out);
    await checkFolder(folder);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const reasons = engine === "sql" ? new Map<string, string>() : replayReasons(site.features);
    const replayed = engine === "replay" ? new Set(site.features.map(({ name }) => name)) : new Set(reasons.keys());

    // The history before `from` counts in the features of the entities.
    const log = await openLog(deployment, await findCollector(deployment, url), site, {
      range: { to: range.to },
      memoryLimit: MEMORY_LIMIT,
    });
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
