import type { TrackerOptions } from "./tracker.ts";

/**
 * Whether a value will do for an option; what is expected, in words; and what a wrong value stands for where there has to be one.
 * Default: for nothing. What is not understood is not sent elsewhere, and not held against the visitor.
 */
export type Rule = [accepts: (value: unknown) => boolean, expected: string, instead?: unknown];

/** Accepts texts of a form. */
export const text =
  (form: RegExp): Rule[0] =>
  (value) =>
    typeof value === "string" && form.test(value);

/** Accepts lists of words. */
export const words: Rule[0] = (value) => Array.isArray(value) && value.every(text(/./));

/** Accepts true and false. */
export const flag: Rule[0] = (value) => typeof value === "boolean";

/** Accepts objects of any kind. */
export const isObject: Rule[0] = (value) => Object(value) === value;

/** Accepts functions. */
export const isFunction: Rule[0] = (value) => typeof value === "function";

const state = text(/^(granted|pending|denied)$/);

const isAnswer = ([purpose, answer]: [string, unknown]) =>
  /^(measurement|personalisation)$/.test(purpose) && state(answer);

/** What is expected of the options that are the same to a program and to a tag. */
export const RULES = {
  queryParameters: [words, "a list of names"],
  sessionId: [text(/^[\w-]{8,64}$/), "8 to 64 letters, digits, _ or -"],
  consent: [
    (value) => state(value) || (isObject(value) && Object.entries(value as object).every(isAnswer)),
    "granted, pending or denied",
    "pending",
  ],
  doNotTrack: [flag, "true or false", true],
  cookieless: [flag, "true or false", true],
  cookie: [flag, "true or false"],
  beforeSend: [isFunction, "a function", () => undefined],
} satisfies Partial<Record<keyof TrackerOptions, Rule>>;

/** A list of problems, in words, and what puts a value that will not do, and a name that is not known, on it. */
export const listProblems = () => {
  const problems: string[] = [];
  return {
    problems,
    wrong: (where: string, given: unknown, expected: string) =>
      problems.push(`${where}: "${Object(given) === given ? typeof given : String(given)}" is not ${expected}`),
    unknown: (where: string, known: readonly string[]) =>
      problems.push(`${where}: there is no such thing. There are ${known.join(", ")}`),
  };
};
