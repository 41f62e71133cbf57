import { gzipSync } from "node:zlib";
import { batch, event, eventTypes, view } from "@tidemark/schema";
import { z } from "zod";

/** A request body that was changed at random, and the least that a response to it must say. */
export interface FuzzedBody {
  body: Uint8Array;
  /** The changes, in words. */
  changes: string[];
  /**
   * The positions of the events that must not be rejected, and the number of all events; absent if a change can have
   * made the whole body invalid.
   */
  intact?: { positions: ReadonlySet<number>; events: number };
}

/** The sender of a fuzzed body. */
export interface FuzzedSender {
  key: string;
  session_id: string;
  tab_id: string;
}

/** A generator of numbers from 0 to below 1. */
type Random = () => number;

/** Creates a generator of numbers, determined by its seed (xorshift32). */
const randomFrom = (seed: number): Random => {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};

/** The part of JSON Schema that the contract uses. */
interface Shape {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  prefixItems?: Shape[];
}

const shapeOf = (schema: z.ZodType): Shape => z.toJSONSchema(schema, { io: "input" }) as Shape;

const eventShapes = Object.values(eventTypes).map(shapeOf);
const viewShape = shapeOf(view);
const envelopeFields = Object.keys(batch.shape).filter((name) => name !== "events");

const whole = (random: Random, least: number, most: number): number =>
  Math.floor(least + random() * (most - least + 1));

const oneOf = <T>(random: Random, list: readonly T[]): T => list[whole(random, 0, list.length - 1)] as T;

/**
 * Texts that stand for a piece of JSON which no value serialises to. They have a character that no other generated text
 * has.
 */
const PIECES = [
  "1e400",
  "-0",
  "1E+2",
  "0.1e-400",
  "12345678901234567890123",
  '"\\ud800"',
  '"\\u0000"',
  '{"__proto__":{"polluted":1}}',
  '{"a":1,"a":2}',
  '{"constructor":null,"toString":1,"length":-1}',
  `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
  `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`,
  "NaN",
  "undefined",
  "01",
  "'text'",
  "",
];
const MARK = "\u{f8ff}";

const TEXTS = [
  "",
  "a",
  "ünïcode 🎈",
  "line\nbreak",
  "__proto__",
  "constructor",
  '"',
  "\\",
  "</script>",
  "\u2028",
  "null",
];

const text = (random: Random, { pattern, minLength = 0, maxLength = 60 }: Shape): string => {
  if (pattern) return `id-${whole(random, 0, 999_999).toString(36).padStart(6, "0")}`;
  const longest = Math.min(maxLength, 60);
  const value = random() < 0.5 ? oneOf(random, TEXTS) : "x".repeat(whole(random, minLength, longest));
  return value.slice(0, longest).padEnd(minLength, "x");
};

/** Generates a value of a shape. */
const valueFor = (random: Random, shape: Shape): unknown => {
  if (shape.const !== undefined) return shape.const;
  if (shape.enum) return oneOf(random, shape.enum);
  if (shape.properties) {
    const { properties, required = [] } = shape;
    const present = Object.entries(properties).filter(([name]) => required.includes(name) || random() < 0.3);
    return Object.fromEntries(present.map(([name, each]) => [name, valueFor(random, each)]));
  }
  if (shape.prefixItems) return shape.prefixItems.map((each) => valueFor(random, each));
  switch (shape.type) {
    case "object":
      return { [oneOf(random, ["sku", "a.b", "__proto_", "constructor"])]: oneOf(random, [1, "x", null, true, [1]]) };
    case "array": {
      const { items = {}, minItems = 0, maxItems = 2 } = shape;
      const length = whole(random, minItems, Math.max(minItems, Math.min(maxItems, 3)));
      return Array.from({ length }, () => valueFor(random, items));
    }
    case "boolean":
      return random() < 0.5;
    case "string":
      return text(random, shape);
    default: {
      const { minimum = -1_000, maximum = 1_000 } = shape;
      return whole(random, Math.max(minimum, -1_000), Math.min(maximum, 1_000));
    }
  }
};

/** Names of members that the contract does not have. Some are names of every object. */
const UNKNOWN = ["unknown", "constructor", "toString", "hasOwnProperty", "then"];

/** A value that the contract mostly does not allow at its place. */
const junk = (random: Random): unknown =>
  oneOf(random, [
    () => null,
    () => random() < 0.5,
    () => oneOf(random, [-1, 1.5, 1e15, 2 ** 53, -(2 ** 53), 8.64e15, 1e308]),
    () => oneOf(random, TEXTS),
    () => "y".repeat(whole(random, 1, 3_000)),
    () => [],
    () => ({}),
    () => Array.from({ length: whole(random, 1, 200) }, (_, index) => index),
    () => Object.fromEntries(Array.from({ length: whole(random, 1, 100) }, (_, index) => [`k${index}`, index])),
    () => `${MARK}${whole(random, 0, PIECES.length - 1)}${MARK}`,
  ])();

/** The objects and arrays in a value, and itself. */
const containersIn = (value: object): object[] => [
  value,
  ...Object.values(value).flatMap((each) => (typeof each === "object" && each !== null ? containersIn(each) : [])),
];

/** Changes something in a value. Never makes a valid `seq` of it, which would make another event a copy. */
const mutate = (random: Random, value: object): string => {
  const container = oneOf(random, containersIn(value)) as Record<string, unknown>;
  const name = oneOf(random, [...Object.keys(container), oneOf(random, UNKNOWN)]);
  const given = random() < 0.2 ? undefined : junk(random);
  if (name === "seq" && Number.isSafeInteger(given)) return "nothing";
  if (given === undefined) delete container[name];
  else container[name] = given;
  return `${name} ${given === undefined ? "removed" : "replaced"}`;
};

/** Puts the pieces into a JSON text. */
const withPieces = (json: string): string =>
  json.replaceAll(new RegExp(`"${MARK}(\\d+)${MARK}"`, "g"), (_, number) => PIECES[Number(number)] as string);

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Changes the text of a whole body without a change of its meaning. */
const disguises: Record<string, (value: Record<string, unknown>, text: string) => string | Uint8Array> = {
  spaces: (value) => withPieces(JSON.stringify(value, null, 2)),
  "events first": ({ events, ...envelope }) => withPieces(JSON.stringify({ events, ...envelope })),
  "another order": (value) => withPieces(JSON.stringify(Object.fromEntries(Object.entries(value).reverse()))),
  "byte order mark": (_, text) => `\ufeff${text}`,
  "white space around": (_, text) => `\r\n\t ${text} \n`,
  escapes: (_, text) =>
    text.replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
  gzip: (_, text) => gzipSync(text),
};

/** Changes the bytes of a body. */
const corruptions: Record<string, (random: Random, bytes: Uint8Array) => Uint8Array> = {
  "cut off": (random, bytes) => bytes.slice(0, whole(random, 0, bytes.length - 1)),
  "bytes changed": (random, bytes) => {
    const changed = bytes.slice();
    for (let count = whole(random, 1, 8); count > 0; count -= 1)
      changed[whole(random, 0, bytes.length - 1)] = whole(random, 0, 255);
    return changed;
  },
  "a part twice": (random, bytes) => {
    const [from, to] = [whole(random, 0, bytes.length), whole(random, 0, bytes.length)].sort((a, b) => a - b);
    return Uint8Array.from([...bytes.slice(0, to), ...bytes.slice(from)]);
  },
  "gzip, changed": (random, bytes) => corruptions["bytes changed"]?.(random, gzipSync(bytes)) ?? bytes,
  "gzip, cut off": (random, bytes) => corruptions["cut off"]?.(random, gzipSync(bytes)) ?? bytes,
  "gzip twice": (_, bytes) => gzipSync(gzipSync(bytes)),
  "more after the end": (random, bytes) => Uint8Array.from([...bytes, ...bytes.slice(0, whole(random, 1, 40))]),
};

/** The share of the bodies with each kind of change. */
const SHARE = { event: 0.7, envelope: 0.25, disguise: 0.4, corruption: 0.15 };

/** Generates a body: a valid batch, changed at random. The same seed and time generate the same body. */
export const fuzzedBody = (seed: number, sender: FuzzedSender, now: number): FuzzedBody => {
  const random = randomFrom(seed);
  const changes: string[] = [];
  const views = Array.from({ length: whole(random, 1, 3) }, (_, index) => ({
    ...(valueFor(random, viewShape) as object),
    view_id: `view-${sender.tab_id}-${index}`.slice(0, 64),
    started_at: now,
    url: `https://shop.example/${whole(random, 0, 20)}`,
    path: `/${whole(random, 0, 20)}`,
  }));
  const events = Array.from({ length: random() < 0.002 ? 500 : whole(random, 1, 8) }, (_, seq) => {
    const value = valueFor(random, oneOf(random, eventShapes)) as Record<string, unknown>;
    return {
      ...value,
      seq,
      time: now - whole(random, 0, 60_000),
      ...(value.view_id ? { view_id: views[0]?.view_id } : {}),
    };
  });
  const positions = new Set(events.keys());
  // A rule may exist that a shape does not show.
  for (const [position, each] of events.entries()) if (!event.safeParse(each).success) positions.delete(position);
  if (random() < SHARE.event)
    for (let count = whole(random, 1, 3); count > 0; count -= 1) {
      const position = whole(random, 0, events.length - 1);
      positions.delete(position);
      changes.push(`event ${position}: ${mutate(random, events[position] as object)}`);
    }

  const { key, session_id, tab_id } = sender;
  const value: Record<string, unknown> = {
    ...{ v: 1, key, sent_at: now, session_id, anonymous_id: `browser-${whole(random, 0, 9)}`, tab_id, sdk: "fuzz/1" },
    ...(random() < 0.3 && { user_id: `user-${whole(random, 0, 5)}` }),
    ...(random() < 0.1 && { dropped: [{ from_seq: 600, to_seq: 610, reason: "overflow" }] }),
    ...{ views, events },
  };
  let isIntact = true;
  if (random() < SHARE.envelope) {
    isIntact = false;
    const { events: _, ...envelope } = value;
    const change = mutate(random, envelope);
    for (const name of envelopeFields) if (!(name in envelope)) delete value[name];
    Object.assign(value, envelope);
    changes.push(`envelope: ${change}`);
  }

  const json = withPieces(JSON.stringify(value));
  isIntact &&= isJson(json);
  let body: Uint8Array = new TextEncoder().encode(json);
  if (random() < SHARE.disguise) {
    const [name, disguise] = oneOf(random, Object.entries(disguises));
    const disguised = disguise(value, json);
    body = typeof disguised === "string" ? new TextEncoder().encode(disguised) : disguised;
    changes.push(name);
  }
  if (random() < SHARE.corruption) {
    isIntact = false;
    const [name, corrupt] = oneOf(random, Object.entries(corruptions));
    body = corrupt(random, body);
    changes.push(name);
  }
  return { body, changes, ...(isIntact && { intact: { positions, events: events.length } }) };
};

/** Returns what is wrong about the response to a fuzzed body; `undefined` if nothing is. */
export const problemOf = ({ intact }: FuzzedBody, status: number, text: string): string | undefined => {
  if (status >= 500) return `status ${status}: ${text}`;
  if (status !== 200) {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    if (!error?.code || !error.message) return `status ${status} without a reason: ${text}`;
    return intact && status !== 413 ? `a valid batch was rejected: ${text}` : undefined;
  }
  if (!intact) return undefined;
  const { accepted, duplicates, rejected } = JSON.parse(text) as {
    accepted: number;
    duplicates: number;
    rejected: { index: number }[];
  };
  const lost = rejected.filter(({ index }) => intact.positions.has(index));
  if (lost.length > 0) return `a valid event was rejected: ${JSON.stringify(lost[0])}`;
  if (accepted + duplicates + rejected.length !== intact.events)
    return `the counts are not those of the events: ${text}`;
  return undefined;
};
