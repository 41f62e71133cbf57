import { CLIENT_ID } from "@tidemark/schema/keys";
import { CONSENT_STATES } from "@tidemark/schema/limits";
import type { TrackerOptions } from "./tracker-options.ts";

/** The rule for the values of an option. */
export interface Rule {
  accepts(value: unknown): boolean;
  /** The values that the rule accepts, in words. */
  expected: string;
  /**
   * The value that stands for a wrong one. Default: none. An option that is not understood sends nothing elsewhere, and is not held
   * against the visitor.
   */
  fallback?: unknown;
}

/** Accepts texts of a form. */
export const isText =
  (form: RegExp): Rule["accepts"] =>
  (value) =>
    typeof value === "string" && form.test(value);

/** Accepts lists of words. */
export const isListOfNames: Rule["accepts"] = (value) => Array.isArray(value) && value.every(isText(/./));

/** Accepts true and false. */
export const isBoolean: Rule["accepts"] = (value) => typeof value === "boolean";

/** Accepts objects of any kind. */
export const isObject: Rule["accepts"] = (value) => Object(value) === value;

/** Accepts functions. */
export const isFunction: Rule["accepts"] = (value) => typeof value === "function";

const isState = (value: unknown) => (CONSENT_STATES as readonly unknown[]).includes(value);

const isAnswer = ([purpose, answer]: [string, unknown]) =>
  /^(measurement|personalisation)$/.test(purpose) && isState(answer);

const FLAG = { accepts: isBoolean, expected: "true or false" };

/** The rules of the options that are the same for a program and a tag. */
export const RULES = {
  queryParameters: { accepts: isListOfNames, expected: "a list of names" },
  sessionId: { accepts: isText(CLIENT_ID), expected: "8 to 64 letters, digits, _ or -" },
  consent: {
    accepts: (value) => isState(value) || (isObject(value) && Object.entries(value as object).every(isAnswer)),
    expected: "granted, pending or denied",
    fallback: "pending",
  },
  doNotTrack: { ...FLAG, fallback: true },
  cookieless: { ...FLAG, fallback: true },
  cookie: FLAG,
  beforeSend: { accepts: isFunction, expected: "a function", fallback: () => undefined },
} satisfies Partial<Record<keyof TrackerOptions, Rule>>;

/** A list of problems with options, in words. */
export interface Problems {
  problems: string[];
  /** Adds a problem: the value of an option is wrong. */
  wrong(where: string, given: unknown, expected: string): void;
  /** Adds a problem: no option has that name. */
  unknown(where: string, known: readonly string[]): void;
}

/** Creates an empty list of problems. */
export const listProblems = (): Problems => {
  const problems: string[] = [];
  return {
    problems,
    wrong: (where, given, expected) =>
      problems.push(`${where}: "${Object(given) === given ? typeof given : String(given)}" is not ${expected}`),
    unknown: (where, known) => problems.push(`${where}: unknown name. Use one of ${known.join(", ")}`),
  };
};
