import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalStack } from "@tidemark/cli/local-stack";
import { openLog } from "@tidemark/cli/log";
import type { Feature } from "@tidemark/schema";

/** Longest wait for the events in the log, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Counts of a log, read back from its files and from the records that are in no file yet. */
export interface LogCounts {
  /** Distinct events. */
  events: number;
  /** Events that are in the log again. */
  duplicates: number;
  /** Files with events. */
  files: number;
}

/** The site whose log is counted. */
interface LogSite {
  id: string;
  features: readonly Feature[];
}

const countOnce = async ({ collector, adminKey }: LocalStack, site: LogSite, folder: string): Promise<LogCounts> => {
  const response = await fetch(`${collector.origin}/v1/log/cut?site=${site.id}`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}` },
  });
  if (!response.ok) throw new Error(`the log wrote no file: ${response.status} ${await response.text()}`);
  const log = await openLog({ folder }, { url: collector.origin, adminKey }, site);
  try {
    const [row] = await log.database.all(
      "SELECT count(DISTINCT (session_id, tab_id, seq)) AS events, count(*) AS records FROM log_events",
    );
    const [events, records] = [Number(row?.events), Number(row?.records)];
    return { events, duplicates: records - events, files: log.files.filter(({ kind }) => kind === "event").length };
  } finally {
    log.close();
  }
};

/**
 * Writes the log of a site into files, and counts its events with DuckDB once it has all of them.
 *
 * @param expected Number of acknowledged events.
 */
export const countLog = async (stack: LocalStack, site: LogSite, expected: number): Promise<LogCounts> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-visit-"));
  const deadline = Date.now() + TIMEOUT_MS;
  try {
    for (;;) {
      const counts = await countOnce(stack, site, folder);
      if (counts.events >= expected || Date.now() > deadline) return counts;
      await sleep(200);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
};
