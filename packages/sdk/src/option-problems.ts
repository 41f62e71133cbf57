import * as sdk from "./index.ts";
import { isFunction, listProblems, RULES, type Rule } from "./option-rules.ts";
import type { TrackerOptions } from "./tracker.ts";

/** Of these the tracker itself speaks. */
const SPOKEN_OF = ["key", "endpoint"];

const PROGRAM_RULES: Record<Exclude<keyof TrackerOptions, "key" | "endpoint">, Rule> = {
  signals: [Array.isArray, "a list of signals, as [pageViews(), clicks()]"],
  ...RULES,
  compress: [isFunction, "a function, as gzip"],
  visitStore: [isFunction, 'a function, as acrossSubdomains("example.com")'],
};

/** The package's functions that make signals or do something else, by which a mistake is known. */
const NAMES = new Map<unknown, string>(Object.entries(sdk).map(([name, value]) => [value, name]));

/**
 * What is wrong with the options of a tracker, as far as one can see: each problem names the option, what was given and what to write.
 * Types say the same; this is for programs that have none. Pure.
 */
export const problemsOf = (options: object): string[] => {
  const { problems, wrong, unknown } = listProblems();
  for (const [name, given] of Object.entries(options)) {
    if (Object.hasOwn(PROGRAM_RULES, name)) {
      const [accepts, expected] = PROGRAM_RULES[name as keyof typeof PROGRAM_RULES];
      if (given !== undefined && !accepts(given)) wrong(name, given, expected);
    } else if (!SPOKEN_OF.includes(name)) unknown(name, [...SPOKEN_OF, ...Object.keys(PROGRAM_RULES)]);
  }
  const { signals } = options as Partial<TrackerOptions>;
  if (Array.isArray(signals))
    for (const [index, signal] of signals.entries()) {
      const name = NAMES.get(signal);
      if (name && signal !== sdk.sessionPerCampaign) problems.push(`signals[${index}]: write ${name}(), not ${name}`);
      else if (!isFunction(signal)) wrong(`signals[${index}]`, signal, "a signal, as clicks()");
    }
  return problems;
};
