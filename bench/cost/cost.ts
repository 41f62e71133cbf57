import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { post } from "../collector/load.ts";
import { makeTraffic } from "../collector/traffic.ts";
import { startWorkerd } from "../collector/workerd.ts";
import { type Bench, report } from "../report.ts";
import type { Counts } from "./counts.ts";
import { OBJECT_GB, prices } from "./prices.ts";

/** Visits of a hundred events. */
const SESSIONS = 200;
const BATCHES_OF_A_SESSION = 5;
const EVENTS_OF_A_BATCH = 20;
const EVENTS = SESSIONS * BATCHES_OF_A_SESSION * EVENTS_OF_A_BATCH;

/** What a million events may cost, in USD. */
const BUDGET = 0.3;

const MILLION = 1e6;

/** What was used, by the names of what has a price. */
type Used = Record<keyof typeof prices, number>;

/** Bytes of all SQLite files in a folder and below, by their pages, as the platform counts them. */
const storedBytes = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sqlite") && !file.endsWith("metadata.sqlite"))
    .reduce((total, file) => {
      const database = new DatabaseSync(join(folder, file));
      const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
      const bytes = pragma("page_count") * pragma("page_size");
      database.close();
      return total + bytes;
    }, 0);

/** What a Worker used for the traffic, and how often it set an alarm. */
const use = async (entry: URL): Promise<Used & { alarmsSet: number }> => {
  const worker = await startWorkerd(entry);
  try {
    const count = async (): Promise<Counts> => (await (await fetch(`${worker.origin}/counts`)).json()) as Counts;
    const bodies = makeTraffic({
      events: EVENTS_OF_A_BATCH,
      batches: SESSIONS * BATCHES_OF_A_SESSION,
      sessions: SESSIONS,
    });
    const [before, cpuBefore] = [await count(), await worker.cpuMs()];
    // One request at a time: an object is at work no longer than its request takes.
    const { latencies } = await post(worker.origin, bodies, { connections: 1 });
    const [after, cpuAfter] = [await count(), await worker.cpuMs()];
    await worker.stop();
    const counted = (name: keyof Counts) => after[name] - before[name];
    return {
      request: counted("requests"),
      cpuMs: cpuAfter - cpuBefore,
      objectRequest: counted("objectRequests"),
      objectGbSecond: (latencies.reduce((total, each) => total + each, 0) / 1000) * OBJECT_GB,
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
 * What a million events cost at list price, in batches of twenty: operations counted on the real runtime, and priced. Processor
 * time is all that the runtime's process used, and an object's time at work is all that its client waited, so both are upper
 * bounds; storage is that of one month. The reference is the same traffic through a Worker that parses, makes one call and
 * writes one row.
 */
export const cost: Bench = async () => {
  const used = await use(new URL("./workers/tidemark.ts", import.meta.url));
  const bare = await use(new URL("./workers/row.ts", import.meta.url));
  const names = Object.keys(prices) as (keyof Used)[];
  const perMillion = (amount: number) => (amount * MILLION) / EVENTS;
  const usd = (of: Used, name: keyof Used) => perMillion(of[name]) * prices[name];
  const total = (of: Used) => names.reduce((sum, name) => sum + usd(of, name), 0);
  const rounded = (figure: number) => Math.round(figure * 1e5) / 1e5;

  console.log(
    `\nper million events, ${EVENTS_OF_A_BATCH} a batch, ${BATCHES_OF_A_SESSION} batches a session; ` +
      `alarms set: ${Math.round(perMillion(used.alarmsSet))} (each counted as a row and a request to its object)`,
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
  return report("cost", [
    {
      case: "a million events, all that is there",
      value: rounded(total(used)),
      unit: "USD",
      reference: rounded(total(bare)),
      budget: BUDGET,
    },
  ]);
};
