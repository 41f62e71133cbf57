import type { Expression } from "@tidemark/schema";
import { MAX_REACTION_NAME } from "@tidemark/schema/limits";

/** A receiver of a reaction: the pages of the session, or the site's webhook. */
export type ReactionTarget = "page" | "webhook";

interface ReactionSettings {
  /** In snake_case, at most 64 characters. */
  name: string;
  /** The entity whose features the condition reads. */
  entity: "session";
  /**
   * The condition: an expression over features of the session, and over predictions of models that run on change, as
   * `{ feature: "prediction.<model>" }`. The reaction fires when its value is `true`.
   */
  when: Expression;
  /** Time after which a reaction that no page has received is not delivered any more, in milliseconds: 1 second to 24 hours. */
  expiresMs: number;
  /** Data for the page or the webhook: a JSON object of at most 2 KB. Default: `{}`. */
  payload?: Readonly<Record<string, unknown>>;
  /** The receivers. `webhook` needs the site's setting `webhook`. */
  to: readonly ReactionTarget[];
  /**
   * Share of sessions that receive nothing, from 0 to below 1. What fires in them is recorded all the same, for comparison.
   * `0` for none.
   */
  holdout: number;
}

/** How often a reaction may fire in a session: once, or once in each `cooldownMs` (1 second to 24 hours). */
type Frequency = { once: true; cooldownMs?: never } | { once?: never; cooldownMs: number };

/** A rule by which the collector sends something to the page, or to the site's server, while the visitor is there. */
export type Reaction = ReactionSettings & Frequency;

/** Largest number of reactions of a site: the state of each session has a place for each. */
export const MAX_SITE_REACTIONS = 16;

/** Shortest and longest `cooldownMs` and `expiresMs`. */
const MIN_MS = 1_000;
const MAX_MS = 24 * 60 * 60 * 1_000;

/** Largest payload, in bytes of JSON. */
const MAX_PAYLOAD_BYTES = 2_048;

/** Largest condition, in bytes of JSON: the record of each firing has it. */
const MAX_CONDITION_BYTES = 4_096;

/** Largest depth of a condition and of a payload: the functions that read them are recursive. */
const MAX_DEPTH = 100;

const NAME = new RegExp(`^[a-z][a-z0-9_]{0,${MAX_REACTION_NAME - 1}}$`);

const KEYS: Record<keyof Reaction, true> = {
  ...{ name: true, entity: true, when: true, once: true, cooldownMs: true, expiresMs: true },
  ...{ payload: true, to: true, holdout: true },
};

const ARITHMETIC = ["add", "subtract", "multiply", "divide", "min", "max"];
const CONDITIONS = ["eq", "ne", "lt", "lte", "gt", "gte", "and", "or"];

type Expect = (condition: boolean, field: string, expected: string, given: unknown) => void;

/** A value as an error displays it. */
const display = (value: unknown): string => {
  try {
    return (JSON.stringify(value) ?? (value === undefined ? "nothing" : `a ${typeof value}`)).slice(0, 120);
  } catch {
    return "a value that JSON cannot hold";
  }
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const EXPRESSION = 'a number, { feature }, { op, left, right }, { op: "not", of } or { if, then, else }';

/** The way to a condition on a text, for the error of a text in an expression. */
const NO_TEXT = ", and no text: a feature with `where` compares a field with a text";

/** The operands of an expression by name; `undefined` for a value that is none. */
const operandsOf = (value: unknown): Record<string, unknown> | undefined => {
  if (typeof value === "number") return Number.isFinite(value) ? {} : undefined;
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value).sort().join();
  const { op, of, left, right, feature } = value;
  if (keys === "feature") return typeof feature === "string" ? {} : undefined;
  if (keys === "else,if,then") return { if: value.if, then: value.then, else: value.else };
  if (keys === "of,op") return op === "not" ? { of } : undefined;
  const isOperator = typeof op === "string" && [...ARITHMETIC, ...CONDITIONS].includes(op);
  return keys === "left,op,right" && isOperator ? { left, right } : undefined;
};

const checkExpression = (value: unknown, field: string, expect: Expect, depth = 0): void => {
  expect(depth < MAX_DEPTH, "when", `at most ${MAX_DEPTH} levels of operators`, undefined);
  const operands = operandsOf(value);
  expect(operands !== undefined, field, typeof value === "string" ? `${EXPRESSION}${NO_TEXT}` : EXPRESSION, value);
  for (const [name, operand] of Object.entries(operands ?? {}))
    checkExpression(operand, `${field}.${name}`, expect, depth + 1);
};

/** Whether the value of an expression is a number, whatever it reads: such a condition never becomes true. */
const isNumber = (value: Expression): boolean => {
  if (typeof value === "number") return true;
  if ("if" in value) return isNumber(value.then) && isNumber(value.else);
  return "op" in value && ARITHMETIC.includes(value.op);
};

/** Whether JSON holds a value unchanged. */
const isJson = (value: unknown, depth = 0): boolean => {
  if (depth > MAX_DEPTH) return false;
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return Array.from(value).every((each) => isJson(each, depth + 1));
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain && Object.values(value).every((each) => isJson(each, depth + 1));
};

const isTime = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= MIN_MS && (value as number) <= MAX_MS;

const bytesOf = (json: unknown): number => new TextEncoder().encode(JSON.stringify(json)).length;

const checkPayload = (payload: unknown, expect: Expect): void => {
  expect(isObject(payload) && isJson(payload), "payload", "an object of JSON values", payload);
  const bytes = bytesOf(payload);
  expect(bytes <= MAX_PAYLOAD_BYTES, "payload", `at most ${MAX_PAYLOAD_BYTES} bytes of JSON`, bytes);
};

const checkTargets = (to: unknown, expect: Expect): void => {
  const isList = Array.isArray(to) && to.length > 0 && to.every((each) => each === "page" || each === "webhook");
  expect(isList, "to", 'a list of "page" and "webhook" with at least one of them', to);
  expect(new Set(to as string[]).size === (to as string[]).length, "to", "each receiver once", to);
};

const checkFrequency = ({ once, cooldownMs }: Pick<Reaction, "once" | "cooldownMs">, expect: Expect): void => {
  expect(once === undefined || once === true, "once", "true, or cooldownMs in its place", once);
  const isOne = (once === undefined) !== (cooldownMs === undefined);
  const given = { once, cooldownMs };
  expect(isOne, "once", "exactly one of once: true, for once a session, and cooldownMs", given);
  const times = `whole milliseconds from ${MIN_MS} to ${MAX_MS}`;
  expect(cooldownMs === undefined || isTime(cooldownMs), "cooldownMs", times, cooldownMs);
};

/**
 * Checks a reaction and returns it unchanged. `defineConfig` compares its condition with the features and models.
 *
 *     const hesitation = defineReaction({
 *       name: "hesitation",
 *       entity: "session",
 *       when: { op: "gte", left: { feature: "element_dwell_ms_max" }, right: 3_000 },
 *       once: true,
 *       expiresMs: 60_000,
 *       payload: { message: "May we help?" },
 *       to: ["page"],
 *       holdout: 0.1,
 *     });
 *
 * @throws Error that names the reaction, the field, the expected value and the given one.
 */
export const defineReaction = <const R extends Reaction>(reaction: R): R => {
  const { name, entity, when, expiresMs, payload = {}, to, holdout }: Reaction = reaction;
  const expect: Expect = (condition, field, expected, given) => {
    if (!condition)
      throw new Error(`reaction ${String(name)}: ${field}: expected ${expected}; given ${display(given)}`);
  };
  const isName = typeof name === "string" && NAME.test(name);
  expect(isName, "name", `a name in snake_case of at most ${MAX_REACTION_NAME} characters`, name);
  // A session stores what has fired by name. In JavaScript each object has these keys already.
  expect(!(name in {}), "name", "no name of a property that all objects of JavaScript have", name);
  const reason =
    "session, because a reaction is evaluated in the turn of its session, which has the session's features";
  expect(entity === "session", "entity", reason, entity);
  checkExpression(when, "when", expect);
  expect(bytesOf(when) <= MAX_CONDITION_BYTES, "when", `at most ${MAX_CONDITION_BYTES} bytes of JSON`, bytesOf(when));
  expect(!isNumber(when), "when", "a condition, such as a comparison, which can be true", when);
  checkFrequency(reaction, expect);
  expect(isTime(expiresMs), "expiresMs", `whole milliseconds from ${MIN_MS} to ${MAX_MS}`, expiresMs);
  checkPayload(payload, expect);
  checkTargets(to, expect);
  const isShare = typeof holdout === "number" && holdout >= 0 && holdout < 1;
  const share = "the share of sessions that receive nothing, from 0 to below 1; 0 turns the reaction on for everybody";
  expect(isShare, "holdout", share, holdout);
  const unknown = Object.keys(reaction).find((key) => !Object.hasOwn(KEYS, key));
  expect(unknown === undefined, "unknown key", `one of ${Object.keys(KEYS).join(", ")}`, unknown);
  return reaction;
};
