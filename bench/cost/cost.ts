import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { post } from "../collector/load.ts";
import { makeTraffic } from "../collector/traffic.ts";
import { startWorkerd } from "../collector/workerd.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import type { Counts } from "./counts.ts";
import { OBJECT_GB, prices } from "./prices.ts";

/** Sessions of a hundred events, in batches of twenty. */
const BATCHES_PER_SESSION = 5;
const EVENTS_PER_BATCH = 20;

/**
 * Sites by the pause after each batch. On the quiet site all effects of a batch end before the next one, so that no
 * write contains data of two visitors.
 */
const SITES = [
  { title: "a quiet site", sessions: 60, pauseMs: 300 },
  { title: "a busy site", sessions: 200, pauseMs: 0 },
];

/** Time after the last response until its effects end, in milliseconds. */
const EFFECTS_MS = 2_000;

/** Highest cost of a million events, in USD. */
const BUDGET = 0.3;

const MILLION = 1e6;

/** Used amounts, by the names in `prices`. */
type Used = Record<keyof typeof prices, number>;

/** Bytes of the pages of a journal. */
const journalBytes = (database: DatabaseSync, pageSize: number): number => {
  const hasKeys = database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_cf_KV'").get();
  if (!hasKeys) return 0;
  const pages = "sum((length(value) + :size - 1) / :size)";
  const row = database
    .prepare(`SELECT ${pages} AS pages FROM _cf_KV WHERE key LIKE 'journal %'`)
    .get({ size: pageSize });
  return Number(row?.pages ?? 0) * pageSize;
};

/**
 * Bytes of all SQLite files in a folder and its subfolders, by pages, as the platform counts them. Journals are
 * excluded, because their size does not grow with the traffic and must not be scaled up with it.
 */
const storedBytes = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sqlite") && !file.endsWith("metadata.sqlite"))
    .reduce((total, file) => {
      const database = new DatabaseSync(join(folder, file));
      const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
      const bytes = pragma("page_count") * pragma("page_size") - journalBytes(database, pragma("page_size"));
      database.close();
      return total + bytes;
    }, 0);

/**
 * Measures the resources of a Worker for the traffic of a site until its sessions are closed, and its number of set
 * alarms.
 */
const measure = async (entry: URL, { sessions, pauseMs }: (typeof SITES)[0]): Promise<Used & { alarmsSet: number }> => {
  const worker = await startWorkerd(entry);
  try {
    const counts = async (path: string) => (await (await fetch(`${worker.origin}${path}`)).json()) as Counts;
    const batches = sessions * BATCHES_PER_SESSION;
    const bodies = makeTraffic({ events: EVENTS_PER_BATCH, batches, sessions });
    const [before, cpuBefore] = [await counts("/counts"), await worker.cpuMs()];
    // One request at a time: an object is active no longer than its request takes.
    for (const body of bodies) {
      await post(worker.origin, [body], { connections: 1 });
      if (pauseMs > 0) await sleep(pauseMs);
    }
    await sleep(EFFECTS_MS);
    const [after, cpuAfter] = [await counts("/half-an-hour-later"), await worker.cpuMs()];
    await worker.stop();
    const counted = (name: keyof Counts) => after[name] - before[name];
    return {
      request: counted("requests"),
      cpuMs: cpuAfter - cpuBefore,
      objectRequest: counted("objectRequests"),
      objectGbSecond: (counted("objectMs") / 1000) * OBJECT_GB,
      rowWritten: counted("rowsWritten"),
      rowRead: counted("rowsRead"),
      storedGbMonth: storedBytes(worker.storage) / 1e9,
      alarmsSet: counted("alarmsSet"),
    };
  } finally {
    await worker.remove();
  }
};

/**
 * Measures the cost of a million events at list price, in batches of twenty.
 *
 * The operations are counted on the real runtime, including calls between objects and the closing of sessions. Two
 * amounts are upper bounds: processor time is that of the whole process, and the active time of an object is the sum of
 * all its calls and waits. Storage is priced for one month. The reference is the same traffic through a Worker that
 * parses, makes one call and writes one row.
 */
export const cost: Bench = async () => {
  const measurements: Measurement[] = [];
  const names = Object.keys(prices) as (keyof Used)[];
  const rounded = (value: number) => Math.round(value * 1e5) / 1e5;
  for (const site of SITES) {
    const used = await measure(new URL("./workers/tidemark.ts", import.meta.url), site);
    const bare = await measure(new URL("./workers/row.ts", import.meta.url), { ...site, pauseMs: 0 });
    const events = site.sessions * BATCHES_PER_SESSION * EVENTS_PER_BATCH;
    const perMillion = (amount: number) => (amount * MILLION) / events;
    const usd = (of: Used, name: keyof Used) => perMillion(of[name]) * prices[name];
    const total = (of: Used) => names.reduce((sum, name) => sum + usd(of, name), 0);

    console.log(
      `\n${site.title}, per million events, ${EVENTS_PER_BATCH} a batch, ${BATCHES_PER_SESSION} batches a session; ` +
        `alarms set: ${Math.round(perMillion(used.alarmsSet))} (each counts as a row and as a request to its object)`,
    );
    console.table(
      Object.fromEntries(
        names.map((name) => [
          name,
          {
            amount: rounded(perMillion(used[name])),
            USD: rounded(usd(used, name)),
            "bare Worker": rounded(perMillion(bare[name])),
            "bare Worker, USD": rounded(usd(bare, name)),
          },
        ]),
      ),
    );
    measurements.push({
      case: `a million events of ${site.title}, all resources`,
      value: rounded(total(used)),
      unit: "USD",
      reference: rounded(total(bare)),
      budget: BUDGET,
    });
  }
  return report("cost", measurements);
};
