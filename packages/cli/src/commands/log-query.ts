import { defineCommand } from "../command-line/command.ts";
import { CommandError, UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import type { Result } from "../log/database.ts";
import { jsonValue } from "../log/json-value.ts";
import { logFlags, rangeFlags, siteFor } from "../log/log-flags.ts";
import { openLog } from "../log/open-log.ts";
import { createQueryViews } from "../log/query-views.ts";
import { parseRange } from "../log/time-range.ts";

/** Greatest number of rows in a table for people. */
const MAX_ROWS = 100;

/** Greatest width of a value in a table for people, in characters. */
const MAX_WIDTH = 60;

/** Number of columns from which a table leaves out those without a value. */
const MANY_COLUMNS = 20;

const printJson = async ({ names, types, rows }: Result): Promise<void> => {
  for await (const group of rows)
    for (const row of group) {
      const values = row.map((value, column) => [names[column], jsonValue(value, types[column] ?? "")]);
      console.log(JSON.stringify(Object.fromEntries(values)));
    }
};

const printTable = async ({ names, types, rows }: Result): Promise<void> => {
  const shown: unknown[][] = [];
  let count = 0;
  for await (const group of rows)
    for (const row of group) {
      count += 1;
      if (shown.length < MAX_ROWS) shown.push(row.map((value, column) => jsonValue(value, types[column] ?? "")));
    }
  const isShown = names.map((_, column) => names.length <= MANY_COLUMNS || shown.some((row) => row[column] !== null));
  const visible = <T>(items: readonly T[]): T[] => items.filter((_, column) => isShown[column]);
  if (count === 0) console.error("No rows.");
  if (visible(names).length > 0) console.log(formatTable(visible(names), shown.map(visible), MAX_WIDTH));
  if (count > 0 && visible(names).length < names.length)
    console.error(`${names.length - visible(names).length} columns without a value are left out.`);
  if (count > shown.length) console.error(`${count - shown.length} more rows; --json prints all of them.`);
};

/** A failure of DuckDB, whose text shows the place in the statement, as one that the user can fix. */
const sqlError = (error: unknown): unknown =>
  error instanceof Error && /^[\w ]+ Error: /.test(error.message) ? new CommandError(error.message) : error;

/** `tidemark log query`. */
export const logQuery = defineCommand({
  name: "tidemark log query",
  summary: "Runs a SQL query of DuckDB over the log of a site, up to the latest acknowledged event.",
  positionals: {
    placeholder: "<sql>",
    description:
      "The query. It can select from events, vectors, records (all other kinds) and features_<entity>, such as features_session: the features of each entity as of its latest event.",
  },
  flags: {
    ...logFlags,
    ...rangeFlags,
    json: {
      description: "Prints each row as a JSON object on a line of its own. Default: a table of at most 100 rows.",
    },
  },
  examples: [
    [
      'tidemark log query "SELECT type, count(*) AS events FROM events GROUP BY type ORDER BY events DESC"',
      "Counts events by type.",
    ],
    ['tidemark log query "DESCRIBE events"', "Lists the columns of a view."],
    [
      'tidemark log query "SELECT id, dwell_ms, click_count FROM features_session" --from 2026-11-29 --json',
      "Computes features of sessions, from the events of a period.",
    ],
  ],
  async run({ url, site: siteId, from, to, json = false }, [sql, ...others]) {
    if (sql === undefined || others.length > 0)
      throw new UsageError(
        `tidemark log query expects one argument, the query in quotes; given ${others.length + (sql ? 1 : 0)}.`,
      );
    const range = parseRange(from, to);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const log = await openLog(deployment, await findCollector(deployment, url), site, { range });
    try {
      await createQueryViews(log.database, site.features, range);
      await withProgress(
        () => "Running the query",
        async () => {
          const result = await log.database.query(sql);
          await (json ? printJson(result) : printTable(result));
        },
      );
      if (await log.isEmpty())
        console.error(`The log of site ${site.id} has no records${from || to ? " in this period" : " yet"}.`);
    } catch (error) {
      throw sqlError(error);
    } finally {
      log.close();
    }
    return 0;
  },
});
