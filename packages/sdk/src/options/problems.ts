import { sessionPerCampaign } from "../signals/session-per-campaign.ts";
import { isFunction, listProblems, RULES, type Rule } from "./rules.ts";
import type { TrackerOptions } from "./tracker-options.ts";

/** The options that the tracker itself checks. */
const CHECKED_BY_TRACKER = ["key", "endpoint"];

const PROGRAM_RULES: Record<Exclude<keyof TrackerOptions, "key" | "endpoint">, Rule> = {
  signals: { accepts: Array.isArray, expected: "a list of signals, as [pageViews(), clicks()]" },
  ...RULES,
  compress: { accepts: isFunction, expected: "a function, as gzip" },
  identityStore: { accepts: isFunction, expected: 'a function, as acrossSubdomains("example.com")' },
};

/**
 * The problems with a tracker's options: each names the option, what was given and what to write. Types say the same; this is for
 * programs that have none. Pure.
 *
 * @param exported The package's exports: a signal that was not called is known by them.
 */
export const problemsOf = (options: object, exported: object): string[] => {
  const { problems, wrong, unknown } = listProblems();
  for (const [name, given] of Object.entries(options)) {
    if (Object.hasOwn(PROGRAM_RULES, name)) {
      const { accepts, expected } = PROGRAM_RULES[name as keyof typeof PROGRAM_RULES];
      if (given !== undefined && !accepts(given)) wrong(name, given, expected);
    } else if (!CHECKED_BY_TRACKER.includes(name))
      unknown(name, [...CHECKED_BY_TRACKER, ...Object.keys(PROGRAM_RULES)]);
  }
  const names = new Map(Object.entries(exported).map(([name, value]) => [value, name]));
  const { signals } = options as Partial<TrackerOptions>;
  if (Array.isArray(signals))
    for (const [index, signal] of signals.entries()) {
      const name = names.get(signal);
      if (name && signal !== sessionPerCampaign) problems.push(`signals[${index}]: write ${name}(), not ${name}`);
      else if (!isFunction(signal)) wrong(`signals[${index}]`, signal, "a signal, as clicks()");
    }
  return problems;
};
