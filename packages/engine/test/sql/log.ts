import { type Condition, type EventType, eventTypes, type Feature, view as viewSchema } from "@tidemark/schema";
import { SIGNAL_NAMES } from "@tidemark/schema/signals";
import fc from "fast-check";
import { z } from "zod";
import type { LoggedEvent } from "../../src/logged-event.ts";

const DAY = 86_400_000;
const BEGIN = 1_800_000_000_000;

interface Shape {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  prefixItems?: Shape[];
  minItems?: number;
  maxItems?: number;
}

/** The values in conditions, by path. Generated events contain them, so that conditions are satisfied. */
type ConditionValues = Map<string, unknown[]>;

const conditionValuesOf = (features: readonly Feature[]): ConditionValues => {
  const wanted: ConditionValues = new Map();
  for (const feature of features) {
    if (!("where" in feature) || !feature.where) continue;
    for (const condition of feature.where as readonly Condition[]) {
      const values = "values" in condition ? condition.values : [condition.value];
      wanted.set(condition.field, [...(wanted.get(condition.field) ?? []), ...values]);
    }
  }
  return wanted;
};

const TEXTS = [
  "",
  "a",
  "B",
  "it's",
  'say "so"',
  "back\\slash",
  "ünïcode 🎈",
  "#5",
  "5",
  "x".repeat(250),
  // It shares 200 characters with the text before, and is another value.
  `${"x".repeat(249)}y`,
  // A character of two UTF-16 units, to be truncated; and a character of one unit that follows the first unit of the
  // other, but precedes it as a code point.
  "🎈".repeat(220),
  "\uf8ff",
  "line\nbreak",
];

const text = ({ pattern, maxLength = 300 }: Shape) =>
  pattern
    ? fc.constantFrom("id-000001", "id-000002", "id-000003")
    : fc.constantFrom(...TEXTS).map((value) => value.slice(0, maxLength).replace(/[\ud800-\udbff]$/, ""));

const number = ({ type, minimum = -1e9, maximum = 1e9 }: Shape) => {
  const [least, most] = [Math.max(minimum, -1e15), Math.min(maximum, 1e15)];
  const whole = fc.oneof(
    fc.integer({ min: Math.max(least, 0), max: Math.min(most, 40) }),
    fc.maxSafeInteger().map((value) => Math.min(Math.max(Math.trunc(value / 9), least), most)),
  );
  return type === "integer" ? whole : fc.oneof(whole, fc.double({ min: least, max: most, noNaN: true }));
};

const free = fc.dictionary(
  fc.constantFrom("price", "a.b", "n/a~", "quoted\"'key", "constructor"),
  fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    // These numbers can become ids, which all dialects format in the same way as long as they need no exponent.
    fc.integer({ min: -1e9, max: 1e9 }).map((value) => value / 1e5),
    fc.constantFrom<unknown>(...TEXTS, true, false, null, { price: 1 }, [1]),
  ),
  { maxKeys: 4 },
);

const contentOf = (shape: Shape, path: string, wanted: ConditionValues): fc.Arbitrary<unknown> => {
  const values = wanted.get(path);
  if (values) {
    const edges = values.flatMap((value) => (typeof value === "number" ? [value, value + 1] : [value]));
    const fitting = edges.filter((value) => typeof value !== "number" || value <= (shape.maximum ?? value));
    const any = contentOf(shape, path, new Map());
    return fitting.length > 0 ? fc.oneof(fc.constantFrom(...fitting), any) : any;
  }
  if (shape.const !== undefined) return fc.constant(shape.const);
  if (shape.enum) return fc.constantFrom(...shape.enum);
  if (shape.properties) return objectOf(shape, `${path}.`, wanted);
  if (shape.prefixItems) return fc.tuple(...shape.prefixItems.map((item) => contentOf(item, path, wanted)));
  switch (shape.type) {
    case "object":
      return free;
    case "array":
      return fc.array(contentOf(shape.items ?? {}, path, wanted), {
        minLength: shape.minItems ?? 0,
        maxLength: Math.min(shape.maxItems ?? 2, Math.max(shape.minItems ?? 0, 2)),
      });
    case "boolean":
      return fc.boolean();
    case "string":
      return text(shape);
    default:
      return number(shape);
  }
};

const objectOf = ({ properties = {}, required = [] }: Shape, path: string, wanted: ConditionValues) =>
  fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([key, each]) => [key, contentOf(each, `${path}${key}`, wanted)]),
    ),
    { requiredKeys: required },
  );

const shapeOf = (schema: z.ZodType): Shape => z.toJSONSchema(schema, { io: "input" }) as Shape;

/**
 * Generates events of every type in the contract, with any valid values and the values in the definitions' conditions.
 */
const contents = (features: readonly Feature[]): fc.Arbitrary<Record<string, unknown>> => {
  const wanted = conditionValuesOf(features);
  const read = new Set(features.flatMap((feature) => ("source" in feature ? [feature.source as string] : [])));
  // The pages that a session viewed before an event share the credit for it.
  if (features.some((feature) => "aggregate" in feature && feature.aggregate.type === "credit")) read.add("page_view");
  const types = (Object.keys(eventTypes) as EventType[]).filter((type) => read.has("any") || read.has(type));
  return fc.oneof(
    ...(types.length > 0 ? types : (["click"] as EventType[])).map((type) =>
      objectOf(shapeOf(eventTypes[type]), "", wanted),
    ),
  );
};

const viewOf = objectOf(shapeOf(viewSchema), "view.", new Map());

/** Signals that a view states: mostly some of the contract's, sometimes none or unknown ones; or no statement. */
const signals = fc.option(
  fc.oneof(
    { weight: 4, arbitrary: fc.subarray([...SIGNAL_NAMES]).map((names) => names.join(" ")) },
    { weight: 1, arbitrary: fc.constantFrom("xclicks clicksx", "clicks,dwell", " dwell", "Clicks") },
  ),
  { freq: 4, nil: undefined },
);

/** The signals of each view of a log. In most logs all views state them, so that some features are not measured. */
const signalsOfViews = fc.oneof(
  fc.array(signals, { minLength: 6, maxLength: 6 }),
  fc.subarray([...SIGNAL_NAMES]).map((names) => new Array<string>(6).fill(names.join(" "))),
);

/** The delay of an event relative to its neighbours: mostly none, sometimes late, and rarely too late to count. */
const delay = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat(6_000) },
  { weight: 2, arbitrary: fc.nat(DAY) },
  { weight: 1, arbitrary: fc.integer({ min: DAY, max: 3 * DAY }) },
);

/** The time until the next event arrives: bursts, and gaps after which windows are empty. */
const gap = fc.oneof(
  { weight: 8, arbitrary: fc.nat(3_000) },
  { weight: 2, arbitrary: fc.nat(120_000) },
  { weight: 1, arbitrary: fc.nat(2 * DAY) },
);

/**
 * A log in order of arrival: several sessions of two browsers and a user, with events out of order, and some events
 * twice.
 */
export interface Log {
  /** The events of a log with at-least-once writes. */
  written: LoggedEvent[];
  /** Each event once, in the order of first arrival. */
  events: LoggedEvent[];
}

/** Generates logs with events that satisfy the definitions' conditions. */
export const logs = (features: readonly Feature[], maxLength = 120): fc.Arbitrary<Log> =>
  fc
    .tuple(
      fc.array(viewOf, { minLength: 6, maxLength: 6 }),
      signalsOfViews,
      fc.uniqueArray(
        fc.record({
          session: fc.nat(4),
          tab: fc.nat(1),
          seq: fc.nat(2_000),
          view: fc.nat(6),
          path: fc.constantFrom("/", "/a", "/it's", `/${"a".repeat(250)}`, `/${"a".repeat(249)}b`, "", undefined),
          referrer: fc.constantFrom("https://search.example/", "", undefined),
          identified: fc.boolean(),
          traffic: fc.constantFrom("test", "internal", undefined, undefined, undefined),
          personalisation: fc.constantFrom("granted", "pending", "denied", undefined),
          repeatAfter: fc.option(fc.nat(30), { freq: 6, nil: undefined }),
          content: contents(features),
          delay,
          gap,
        }),
        { minLength: 1, maxLength, selector: ({ session, tab, seq }) => `${session}/${tab}/${seq}` },
      ),
    )
    .map(([views, stated, entries]) => {
      let now = BEGIN;
      const events: LoggedEvent[] = [];
      const copies: [place: number, event: LoggedEvent][] = [];
      entries.forEach(
        (
          {
            session,
            tab,
            seq,
            view,
            path,
            referrer,
            identified,
            traffic,
            personalisation,
            repeatAfter,
            content,
            delay,
            gap,
          },
          place,
        ) => {
          now += gap;
          const { user_id: _, ...own } = content as { user_id?: string };
          const view_id = `view-${view}`;
          const event = {
            ...own,
            session_id: `session-${session}`,
            anonymous_id: `browser-${session % 2}`,
            ...(identified && { user_id: session === 4 ? "browser-1" : "user-0" }),
            ...(traffic && { traffic }),
            ...(personalisation && { consent: { measurement: "granted", personalisation } }),
            tab_id: `tab-${tab}`,
            seq,
            time: now - delay,
            ...(view < 6
              ? {
                  view_id,
                  view: { ...views[view], view_id, signals: stated[view], ...(path === undefined ? {} : { path }) },
                  view_time_ms: seq,
                  external_referrer: referrer,
                }
              : { view_id: undefined }),
          };
          // JSON drops undefined values, as a stored log does.
          const logged = JSON.parse(JSON.stringify(event)) as LoggedEvent;
          events.push(logged);
          if (repeatAfter !== undefined) copies.push([place + repeatAfter, logged]);
        },
      );
      const written = events.flatMap((event, place) => [
        event,
        ...copies.filter(([after]) => after === place).map(([, copy]) => copy),
      ]);
      return { written, events };
    });
