import { CLIENT_ID } from "@tidemark/schema/keys";
import { CONSENT_STATES, TRAFFIC } from "@tidemark/schema/limits";
import { Array, Object, String } from "../platform.ts";
import type { TrackerOptions } from "./tracker-options.ts";

/** The rule for the values of an option. */
export interface Rule {
  accepts(value: unknown): boolean;
  /** The accepted values, in words. */
  expected: string;
  /**
   * The value used instead of a wrong one. It never sends data elsewhere, and favours the visitor's privacy. Default: the value that
   * the option has when it is omitted.
   */
  fallback?: unknown;
}

/** Accepts strings that match a pattern. */
export const isText =
  (pattern: RegExp): Rule["accepts"] =>
  (value) =>
    typeof value === "string" && pattern.test(value);

/** Accepts arrays of non-empty strings. */
export const isListOfNames: Rule["accepts"] = (value) => Array.isArray(value) && value.every(isText(/./));

/** Accepts booleans. */
export const isBoolean: Rule["accepts"] = (value) => typeof value === "boolean";

/** Longest accepted duration, in milliseconds: ten minutes. */
const LONGEST_MS = 600_000;

/** Accepts durations in milliseconds, from 0 to ten minutes. */
export const isDuration: Rule["accepts"] = (value) => typeof value === "number" && value >= 0 && value <= LONGEST_MS;

/** Accepts objects of any kind. */
export const isObject: Rule["accepts"] = (value) => Object(value) === value;

/** Accepts functions. */
export const isFunction: Rule["accepts"] = (value) => typeof value === "function";

const isConsentState = (value: unknown) => (CONSENT_STATES as readonly unknown[]).includes(value);

const isPurposeState = ([purpose, state]: [string, unknown]) =>
  /^(measurement|personalisation)$/.test(purpose) && isConsentState(state);

/** The rule of an option that is on or off. */
export const FLAG = { accepts: isBoolean, expected: "true or false" };

/** The rules of the options that programs and script tags share. */
export const RULES = {
  queryParameters: { accepts: isListOfNames, expected: "a list of names" },
  sendWithin: { accepts: isDuration, expected: "a number of milliseconds from 0 to 600000" },
  traffic: {
    accepts: (value) => (TRAFFIC as readonly unknown[]).includes(value),
    expected: "test or internal",
    fallback: "test",
  },
  sessionId: { accepts: isText(CLIENT_ID), expected: "8 to 64 letters, digits, _ or -" },
  consent: {
    accepts: (value) =>
      isConsentState(value) || (isObject(value) && Object.entries(value as object).every(isPurposeState)),
    expected: "granted, pending or denied",
    fallback: "pending",
  },
  doNotTrack: { ...FLAG, fallback: true },
  cookieless: { ...FLAG, fallback: true },
  cookie: FLAG,
  beforeSend: { accepts: isFunction, expected: "a function", fallback: () => undefined },
} satisfies Partial<Record<keyof TrackerOptions, Rule>>;

/** A list of problems with options: one message each. */
export interface Problems {
  problems: string[];
  /** Adds a problem: the value of an option is wrong. */
  wrong(where: string, value: unknown, expected: string): void;
  /** Adds a problem: no option has this name. */
  unknown(where: string, known: readonly string[]): void;
}

/** Creates an empty list of problems. */
export const listProblems = (): Problems => {
  const problems: string[] = [];
  return {
    problems,
    wrong: (where, value, expected) =>
      problems.push(`${where}: "${Object(value) === value ? typeof value : String(value)}" is not ${expected}`),
    unknown: (where, known) => problems.push(`${where}: unknown name. Use one of ${known.join(", ")}`),
  };
};
