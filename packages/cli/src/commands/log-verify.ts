import { defineCommand } from "../command-line/command.ts";
import { withProgress } from "../command-line/progress.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { logFlags, siteFor } from "../log/log-flags.ts";
import { openLog } from "../log/open-log.ts";
import { DAY_MS, parseDate, type TimeRange } from "../log/time-range.ts";
import { type Disagreement, type Verification, verifyLog } from "../log/verify.ts";

/**
 * Time before a day in which the records of that day's vectors are looked for, in milliseconds. A session takes at most a
 * day, and few events arrive more than a day late. A vector with earlier records is not compared.
 */
const BEFORE_MS = 3 * DAY_MS;

const describe = (found: Disagreement): string => {
  const { problem, session_id, event_id, version, feature, served, replayed, message } = found;
  const place = [`session ${session_id}`, version && `version ${version}`, event_id && `event ${event_id}`];
  const difference = message ?? `served ${JSON.stringify(served)}, replayed ${JSON.stringify(replayed)}`;
  return `${feature ?? problem}: ${difference} (${place.filter(Boolean).join(", ")})`;
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

const summary = (found: Verification): string[] => {
  const { vectors, sessions, events, disagreements, open, incomplete, other_definitions, changed_features } = found;
  return [
    ...(open > 0 ? [`${counted(open, "session")} without a vector of the latest events: not closed yet.`] : []),
    ...(incomplete > 0
      ? [`${counted(incomplete, "vector")} not compared: the log lacks the first records of the session.`]
      : []),
    ...(other_definitions > 0
      ? [
          `${counted(other_definitions, "vector")} of other definitions not compared. Features that differ: ${changed_features.join(", ") || "none"}.`,
        ]
      : []),
    `Compared ${counted(vectors, "vector")} with ${counted(events, "event")} of ${counted(sessions, "session")}: ${counted(disagreements, "disagreement")}.`,
  ];
};

/** `tidemark log verify`. */
export const logVerify = defineCommand({
  name: "tidemark log verify",
  summary: "Replays the log of a site, and compares with the vectors that were served when sessions closed.",
  flags: {
    ...logFlags,
    date: { value: "<date>", description: "Compares only the vectors that the collector stored on this day, in UTC." },
    json: { description: "Prints each disagreement, and then the summary, as a JSON object on a line of its own." },
  },
  examples: [
    [
      "tidemark log verify",
      "Prints each disagreement by feature, session and event, and exits with 1 if there is any.",
    ],
    ["tidemark log verify --date 2026-11-29", "Checks one day, such as every night."],
  ],
  async run({ url, site: siteId, date, json = false }) {
    const day: TimeRange = date === undefined ? {} : parseDate(date);
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const received = day.from === undefined ? {} : { from: day.from - BEFORE_MS, to: day.to };
    const log = await openLog(deployment, await findCollector(deployment, url), site, { received });
    const print = (found: Disagreement) => console.log(json ? JSON.stringify(found) : describe(found));
    let done = 0;
    try {
      const found = await withProgress(
        () => `Replaying the log: ${done} events`,
        () =>
          verifyLog(log.database, site.features, day, print, (events) => {
            done = events;
          }),
      );
      for (const line of json ? [JSON.stringify(found)] : summary(found)) console.log(line);
      if (await log.isEmpty())
        console.error(
          `The log of site ${site.id} has no records${date ? " of this day and the three before" : " yet"}.`,
        );
      return found.disagreements > 0 ? 1 : 0;
    } finally {
      log.close();
    }
  },
});
