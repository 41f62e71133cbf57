import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { definitionsCode, storeCode } from "../feast/definitions.ts";
import { exportRows } from "../feast/export-rows.ts";
import { expectOwnColumns, type FeastSite } from "../feast/feast-site.ts";
import { findCollector } from "../log/collector-address.ts";
import { parseDuration } from "../log/duration.ts";
import { featureEngines } from "../log/feature-engines.ts";
import { logClient } from "../log/log-client.ts";
import { folderFlags, logFlags, siteFor } from "../log/log-flags.ts";
import { openLogFolder } from "../log/log-folder.ts";
import { openLog } from "../log/open-log.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

const DAY_MS = 86_400_000;

/** The shortest `ttl` of the feature views, in milliseconds; `undefined` if all are unlimited. */
const shortestTtl = ({ daysToLive }: FeastSite): number | undefined => {
  const days = Object.values(daysToLive);
  return days.length > 0 ? Math.min(...days) * DAY_MS : undefined;
};

/** `tidemark feast export`. */
export const feastExport = defineCommand({
  name: "tidemark feast export",
  summary: "Writes a repository for Feast: the features and sets of a site, and their values from the log.",
  flags: {
    ...logFlags,
    ...folderFlags,
    "max-age": {
      value: "<duration>",
      description:
        "Age from which the collector reports this export as stale, such as 25h. Default: the shortest ttl of the feature views; without one, none.",
    },
    json: { description: "Prints each file of values as a JSON object on a line of its own." },
  },
  positionals: {
    placeholder: "<folder>",
    description: "Folder of the repository. Its feature_store.yaml is kept if it exists; the other files are replaced.",
  },
  examples: [
    ["tidemark feast export feature_repo", "Writes the repository, in which feast apply and feast serve then run."],
    ["tidemark feast export feature_repo --max-age 25h", "Lets an alert fire if no export follows within 25 hours."],
    ["tidemark feast export feature_repo --log visits", "Takes the values from a log in a folder."],
  ],
  async run({ url, log: logFolder, site: siteId, "max-age": maxAge, json = false }, [out, ...others]) {
    if (out === undefined || others.length > 0) throw new UsageError("tidemark feast export expects one folder.");
    const folder = resolve(out);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    expectOwnColumns(site);
    if (maxAge !== undefined && logFolder !== undefined)
      throw new UsageError("--max-age is for an export from a collector, which reports its age: leave out --log.");
    const freshFor = maxAge === undefined ? shortestTtl(site) : parseDuration(maxAge, "--max-age");
    const { replayed } = featureEngines(site.features, undefined);
    const collector = logFolder === undefined ? await findCollector(deployment, url) : undefined;
    const log = await (logFolder === undefined && collector
      ? openLog(deployment, collector, site, { memoryLimit: MEMORY_LIMIT })
      : openLogFolder(logFolder ?? "", site, { memoryLimit: MEMORY_LIMIT }));
    let current = "";
    try {
      await mkdir(folder, { recursive: true });
      const onPart = (description: string) => {
        current = description;
      };
      const files = await withProgress(
        () => current,
        () => exportRows(log.database, { site, replayed, folder, now: Date.now(), onPart }),
      );
      await writeFile(join(folder, "definitions.py"), definitionsCode(site));
      const store = join(folder, "feature_store.yaml");
      if (!existsSync(store)) await writeFile(store, storeCode(site.id));
      if (collector && freshFor !== undefined) await logClient(collector, site.id).noteExport(freshFor);
      if (json) for (const file of files) console.log(JSON.stringify(file));
      else {
        console.log(
          formatTable(
            ["file", "entity", "rows"],
            files.map((file) => Object.values(file)),
          ),
        );
        console.log(`\nNext, in ${out}: feast apply, and feast materialize-incremental $(date -u +%Y-%m-%dT%H:%M:%S)`);
      }
    } finally {
      log.close();
    }
    return 0;
  },
});
