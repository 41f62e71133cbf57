import { type EventType, type Feature, parseFeatures } from "@tidemark/schema";
import { eventTypeNames, fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import { type RecordKind, recordKinds } from "@tidemark/schema/log";
import type { ExpectSetting } from "./settings/expect-setting.ts";

/** The sink for which a target is loaded. */
export interface SinkCreation {
  /** Name of the sink. */
  sink: string;
  /** The site's features. */
  features: readonly Feature[];
}

/** The target of a sink, such as `kafka({ … })` of `@tidemark/collector/sinks` returns it. */
export interface SinkTarget {
  /** Kind of the target, such as `kafka`. A sink that gets a target of another kind begins without its earlier state. */
  readonly type: string;
  /** Names of the secrets (environment variables) that the target needs. */
  readonly secrets: readonly string[];
  /** Kinds of the records for which the target has a place. Default: all. */
  readonly kinds?: readonly RecordKind[];
  /** Whether its records are of one kind, because a table has the columns of one. Default: false. */
  readonly hasOneKind?: boolean;
  /** Checks the settings. */
  check(expect: ExpectSetting): void;
  /** Loads the sink: the `Sink` of `sinks/sink.ts`, whose types need the Workers runtime. */
  create(creation: SinkCreation): Promise<unknown>;
}

/** A condition on a field of an event, by its path. */
export type SinkCondition = { field: string } & (
  | { is: "eq" | "ne"; value: string | number | boolean }
  | { is: "lt" | "lte" | "gt" | "gte"; value: number }
  | { is: "in"; values: readonly (string | number | boolean)[] }
);

/** A purpose to which a visitor consents. */
export type SinkConsent = "measurement" | "personalisation";

/** A target that receives records of a site's stream, each in the order of its partition. */
export interface SinkDefinition {
  /**
   * Name in snake_case, at most 32 characters. The sink's place in the stream is stored under it: a sink with another name
   * begins anew.
   */
  name: string;
  to: SinkTarget;
  /** Kinds of the records. Default: all. */
  kinds?: readonly RecordKind[];
  /**
   * Conditions on events, which must all be true: those of feature definitions, over the fields of any event type and
   * `type`. Records of other kinds have no conditions. Default: every event.
   */
  where?: readonly SinkCondition[];
  /**
   * The consent that a visitor must have stated, for an event or a vector to be sent. Records of other kinds state no
   * consent, and are not sent. Default: every record.
   */
  consent?: SinkConsent;
  /** Whether the sink sends nothing, until an operator resumes it. Default: false. */
  paused?: boolean;
}

const KEYS: Record<keyof SinkDefinition, true> = {
  ...{ name: true, to: true, kinds: true, where: true, consent: true, paused: true },
};

/** Kinds of the records that state consent. */
const KINDS_WITH_CONSENT: readonly RecordKind[] = ["event", "vector"];

const NAME = /^[a-z][a-z0-9_]{0,31}$/;

/** A value as an error displays it. */
const display = (value: unknown): string => {
  try {
    return (JSON.stringify(value) ?? (value === undefined ? "nothing" : `a ${typeof value}`)).slice(0, 120);
  } catch {
    return "a value that JSON cannot hold";
  }
};

/** Whether events of some type have a field. */
const isField = (path: string): boolean =>
  path === "type" || eventTypeNames.some((type) => kindAt(fieldsOf(type), path) !== undefined);

/** The problem of a condition; `undefined` for none. It is one in the definition of a feature of some event type too. */
const problemOf = (condition: SinkCondition): string | undefined => {
  const isType = condition?.field === "type";
  const sources: EventType[] = isType
    ? ["custom"]
    : eventTypeNames.filter((type) => kindAt(fieldsOf(type), condition.field) !== undefined);
  let problem: string | undefined;
  for (const source of sources) {
    try {
      parseFeatures([
        {
          ...{ name: "chosen", description: "Chosen events.", unit: "count", entity: "session", source },
          ...{ where: [isType ? { ...condition, field: "name" } : condition] },
          ...{ aggregate: { type: "count" }, window: { type: "session" } },
        },
      ]);
      return undefined;
    } catch (error) {
      problem = (error as Error).message;
    }
  }
  return problem;
};

const checkConditions = (where: readonly SinkCondition[] | undefined, expect: ExpectSetting): void => {
  if (where === undefined) return;
  expect(Array.isArray(where), "where", "an array of conditions", where);
  for (const [index, condition] of where.entries()) {
    const isNamed = typeof condition?.field === "string" && isField(condition.field);
    expect(isNamed, `where[${index}].field`, "type, or the path of a field of some event type", condition?.field);
    const problem = problemOf(condition);
    const form = `{ field, is: "eq" | "ne" | "lt" | "lte" | "gt" | "gte", value } or { field, is: "in", values }`;
    expect(problem === undefined, `where[${index}]`, `${form}, with values of the field's type`, condition);
  }
};

/**
 * Checks a sink and returns it unchanged.
 *
 *     import { defineSink } from "@tidemark/collector/config";
 *     import { webhookSink } from "@tidemark/collector/sinks";
 *
 *     const orders = defineSink({
 *       name: "orders",
 *       to: webhookSink({ url: "https://shop.example/tidemark", secrets: ["ORDERS_WEBHOOK_SECRET"] }),
 *       kinds: ["event"],
 *       where: [{ field: "name", is: "eq", value: "order" }],
 *     });
 *
 * @throws Error that names the sink, the field, the expected value and the given one.
 */
export const defineSink = <const S extends SinkDefinition>(sink: S): S => {
  const { name, to, kinds, where, consent, paused }: SinkDefinition = sink;
  const expect: ExpectSetting = (condition, field, expected, given) => {
    if (!condition) throw new Error(`sink ${String(name)}: ${field}: expected ${expected}; given ${display(given)}`);
  };
  const isName = typeof name === "string" && NAME.test(name);
  expect(isName, "name", "a name in snake_case of at most 32 characters", name);
  const isTarget = typeof to === "object" && to !== null && typeof to.create === "function";
  expect(isTarget, "to", "a target of @tidemark/collector/sinks, such as kafka({ … })", to);
  to.check((condition, field, expected, given) => expect(condition, `to.${field}`, expected, given));
  const isKinds =
    kinds === undefined ||
    (Array.isArray(kinds) && kinds.length > 0 && kinds.every((kind) => recordKinds.includes(kind)));
  expect(isKinds, "kinds", `an array of ${recordKinds.join(", ")}`, kinds);
  const placed = to.kinds ?? recordKinds;
  const hasPlaces = (kinds ?? recordKinds).every((kind) => placed.includes(kind));
  expect(hasPlaces, "kinds", `an array of ${placed.join(", ")}, for which ${to.type} has a place`, kinds);
  const isOneKind = !to.hasOneKind || kinds?.length === 1;
  expect(
    isOneKind,
    "kinds",
    `an array with one kind, such as ["event"], because a table has the columns of one`,
    kinds,
  );
  checkConditions(where, expect);
  const isConsent = [undefined, "measurement", "personalisation"].includes(consent);
  expect(isConsent, "consent", "measurement or personalisation", consent);
  const unstated = consent && kinds?.find((kind) => !KINDS_WITH_CONSENT.includes(kind));
  const reason = `only ${KINDS_WITH_CONSENT.join(" and ")} with a consent, because records of other kinds state none`;
  expect(unstated === undefined, "kinds", reason, unstated);
  expect([undefined, true, false].includes(paused), "paused", "true or false", paused);
  const unknown = Object.keys(sink).find((key) => !Object.hasOwn(KEYS, key));
  expect(unknown === undefined, "unknown key", `one of ${Object.keys(KEYS).join(", ")}`, unknown);
  return sink;
};
