import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { checkEmptyFolder } from "../command-line/check-empty-folder.ts";
import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { openDatabase } from "../log/database.ts";
import { logFlags, siteFor } from "../log/log-flags.ts";
import { writeFolder } from "../log/log-folder.ts";
import { loadTail } from "../log/tail.ts";
import { DAY_MS, parseRange } from "../log/time-range.ts";
import { generateVisits } from "../visits/generate.ts";
import { TRUTH } from "../visits/visit.ts";

const DEFAULT_SESSIONS = 20_000;
const DEFAULT_SEED = 1;
const DEFAULT_DAYS = 30;

const wholeNumber = (text: string | undefined, otherwise: number, flag: string): number => {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new UsageError(`${flag} expects a whole number from 1 on; given ${JSON.stringify(text)}.`);
};

/** `tidemark generate-visits`. */
export const generateVisitsCommand = defineCommand({
  name: "tidemark generate-visits",
  summary: "Generates the log of a shop, in which the probability of each purchase is known, as Parquet files.",
  flags: {
    site: { ...logFlags.site, description: "Site that the visits are of. Default: the only one." },
    sessions: { value: "<number>", description: `Number of sessions. Default: ${DEFAULT_SESSIONS}.` },
    seed: { value: "<number>", description: `The same seed gives the same visits. Default: ${DEFAULT_SEED}.` },
    from: {
      value: "<time>",
      description: `Begin of the first session, in UTC. The last one begins ${DEFAULT_DAYS} days later. Default: as many days ago.`,
    },
    out: {
      value: "<folder>",
      description: "New folder for the log, and for truth.csv with the decision of each session. It has no default.",
    },
    json: { description: "Prints the summary as a JSON object." },
  },
  examples: [
    ["tidemark generate-visits --out visits", "Generates 20,000 sessions of the last 30 days."],
    [
      "tidemark generate-visits --sessions 500 --seed 7 --from 2026-10-01 --out visits",
      "Generates the same 500 sessions each time.",
    ],
  ],
  async run({ site: siteId, sessions, seed, from, out, json = false }) {
    if (out === undefined) throw new UsageError("tidemark generate-visits needs --out <folder>.");
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const begin = parseRange(from, undefined).from ?? today - DEFAULT_DAYS * DAY_MS;
    const site = siteFor(await openDeployment(), siteId).id;
    const options = {
      ...{ site, sessions: wholeNumber(sessions, DEFAULT_SESSIONS, "--sessions") },
      ...{ seed: wholeNumber(seed, DEFAULT_SEED, "--seed"), from: begin, to: begin + DEFAULT_DAYS * DAY_MS },
    };
    const folder = resolve(out);
    await checkEmptyFolder("--out", folder);
    await mkdir(folder, { recursive: true });

    const counts = { sessions: 0, events: 0, purchases: 0 };
    const truth = createWriteStream(join(folder, "truth.csv"));
    truth.write("id,as_of,probability,purchase\n");
    async function* lines() {
      for (const { records, decision } of generateVisits(options)) {
        const { id, as_of, probability, purchase } = decision;
        counts.sessions += 1;
        counts.events += records.length;
        counts.purchases += purchase ? 1 : 0;
        const row = [id, new Date(as_of).toISOString(), probability.toFixed(6), purchase].join(",");
        if (!truth.write(`${row}\n`)) await once(truth, "drain");
        yield Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
      }
    }
    const database = await openDatabase();
    try {
      await withProgress(
        () => `Generating session ${counts.sessions} of ${options.sessions}`,
        async () => {
          await loadTail(database, Readable.from(lines()), [], {});
          truth.end();
          await finished(truth);
          await writeFolder(database, folder, site);
        },
      );
    } finally {
      database.close();
    }
    if (json) console.log(JSON.stringify({ ...counts, truth: TRUTH }));
    else
      console.log(
        `Wrote ${counts.events} events of ${counts.sessions} sessions with ${counts.purchases} purchases, and truth.csv, to ${out}.`,
      );
    return 0;
  },
});
