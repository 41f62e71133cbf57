import { Array, Object } from "../platform.ts";
import { FLAG, isDuration, isFunction, isObject, listProblems, type Rule } from "./rules.ts";

const DURATION: Rule = { accepts: isDuration, expected: "a number of milliseconds from 0 to 600000" };

const isPercentage = (value: unknown) => typeof value === "number" && value >= 0 && value <= 100;

const listOf = (accepts: Rule["accepts"], expected: string): Rule => ({
  accepts: (value) => Array.isArray(value) && value.every(accepts),
  expected,
});

/** The rules of the options of signals and enrichments, by the name of the export. */
export const SIGNAL_RULES = {
  clicks: {
    enrichments: listOf(isFunction, "an array of enrichments, such as [clickNames]"),
    evidence: { accepts: isFunction, expected: "evidence, such as clickEvidence()" },
  },
  dwell: { idleAfter: DURATION, reportEvery: DURATION },
  hovers: { intentAfter: DURATION },
  media: { hold: FLAG },
  pageViews: {
    enrichments: listOf(isFunction, "an array of enrichments, such as [deviceDetails]"),
    url: { accepts: isFunction, expected: "a function, such as pathOnly" },
  },
  readingDetails: { milestones: listOf(isPercentage, "an array of numbers from 0 to 100") },
  scrollDepth: {
    enrichment: { accepts: isFunction, expected: "an enrichment, such as readingDetails()" },
    reportEvery: DURATION,
  },
} satisfies Record<string, Record<string, Rule>>;

/**
 * Finds the problems of the options of a signal or an enrichment. Each problem names the option, its value and the
 * expected value. Pure.
 *
 * @param options The argument of the call.
 */
export const signalProblems = (rules: Readonly<Record<string, Rule>>, options: unknown): string[] => {
  const { problems, wrong, unknown } = listProblems();
  if (options === undefined) return problems;
  const names = Object.keys(rules);
  if (!isObject(options)) wrong("options", options, `an object with ${names.join(", ")}`);
  else
    for (const [name, value] of Object.entries(options as object)) {
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
      if (!rule) unknown(name, names);
      else if (value !== undefined && !rule.accepts(value)) wrong(name, value, rule.expected);
    }
  return problems;
};
