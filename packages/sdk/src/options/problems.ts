import { Array, Map, Object } from "../platform.ts";
import { sessionPerCampaign } from "../signals/session-per-campaign.ts";
import { isBoolean, isFunction, listProblems, RULES, type Rule } from "./rules.ts";
import type { TrackerOptions } from "./tracker-options.ts";

/** The options that the tracker checks by itself, also in production. */
const CHECKED_BY_TRACKER = ["key", "endpoint"];

const PROGRAM_RULES: Record<Exclude<keyof TrackerOptions, "key" | "endpoint">, Rule> = {
  signals: { accepts: Array.isArray, expected: "an array of signals, such as [pageViews(), clicks()]" },
  ...RULES,
  compress: { accepts: (value) => isBoolean(value) || isFunction(value), expected: "true, false or a function" },
  follow: { accepts: isFunction, expected: "a function, such as overWebSocket" },
  reactions: { accepts: isFunction, expected: "the function reactions" },
  identityStore: { accepts: isFunction, expected: 'a function, such as acrossSubdomains("example.com")' },
};

/**
 * Finds the problems of a tracker's options. Each problem names the option, its value and the expected value. TypeScript reports the
 * same problems; this function serves programs without types. Pure.
 *
 * @param exported Exports of the package by name, to recognise a signal that was not called.
 */
export const problemsOf = (options: object, ...exported: object[]): string[] => {
  const { problems, wrong, unknown } = listProblems();
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(PROGRAM_RULES, name)) {
      const { accepts, expected } = PROGRAM_RULES[name as keyof typeof PROGRAM_RULES];
      if (value !== undefined && !accepts(value)) wrong(name, value, expected);
    } else if (!CHECKED_BY_TRACKER.includes(name))
      unknown(name, [...CHECKED_BY_TRACKER, ...Object.keys(PROGRAM_RULES)]);
  }
  const names = new Map(exported.flatMap(Object.entries).map(([name, each]) => [each, name]));
  const { signals } = options as Partial<TrackerOptions>;
  if (Array.isArray(signals))
    for (const [index, signal] of signals.entries()) {
      const name = names.get(signal);
      if (name && signal !== sessionPerCampaign) problems.push(`signals[${index}]: write ${name}(), not ${name}`);
      else if (!isFunction(signal)) wrong(`signals[${index}]`, signal, "a signal, such as clicks()");
    }
  return problems;
};
