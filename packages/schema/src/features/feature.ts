import type { Consent } from "../consent.ts";
import type { EventOf, EventType } from "../events/index.ts";
import type { Traffic } from "../traffic.ts";
import type { View } from "../view.ts";
import type { FieldPath } from "./field-path.ts";

/**
 * A feature definition. It is data, not code: its subject (entity), the events that it reads (source, where), the
 * function that reduces them to one value (aggregate) and the period (window). One definition is folded live, replayed,
 * compiled to SQL and documented. `defineFeatures` types a list of definitions; `parseFeatures` validates a list that
 * arrives as JSON.
 */
export type Feature =
  | { [T in EventType]: AggregateFeature<FeatureEvent<T>, T> }[EventType]
  | AggregateFeature<AnyEvent, "any">
  | DerivedFeature;

/** An event with the fields that a feature can read: those of its type, and the context that the collector adds. */
export type FeatureEvent<T extends EventType = EventType> = EventOf<T> & ContextFields;

/** The fields that events of all types share: those of the source `any`. */
export type AnyEvent = Pick<EventOf<"custom">, "seq" | "time" | "view_id"> & ContextFields;

/** Context that the collector adds to an event: its page view, tab, session, visitor and consent. */
export interface ContextFields {
  /** The event's page view; absent for an event outside of any page view. */
  view?: View | undefined;
  /**
   * Time from the start of the page view to the event, in milliseconds; absent for an event outside of any page view.
   */
  view_time_ms?: number | undefined;
  /** The referrer of the page view, unless it has the host of the page itself; `www.` does not count. */
  external_referrer?: string | undefined;
  tab_id?: string | undefined;
  session_id?: string | undefined;
  /** Identifier of the visitor's browser. */
  anonymous_id?: string | undefined;
  /** The site's id of the user, once identified. */
  user_id?: string | undefined;
  /** The kind of traffic that is not visitors'; absent for visitors. */
  traffic?: Traffic | undefined;
  /** The visitor's stated consent; absent when the site did not ask. */
  consent?: Consent | undefined;
}

/**
 * The subject of a feature. Its id is the session's id for `session`, and the path of the page view for `page`. For
 * `user` it is the `user_id`, or the `anonymous_id` before identification. For a custom entity it is the value of a
 * field. An event without the id, or with an empty one, does not count for the entity. An event whose stated consent does not grant
 * personalisation counts for no person (see `isPerson`).
 */
export type Entity<Field extends string = string> = "session" | "user" | "page" | CustomEntity<Field>;

/** A custom entity: the events with the same value in `field` count for the same entity. */
export interface CustomEntity<Field extends string = string> {
  /** In snake_case; `session`, `user` and `page` are reserved. */
  name: string;
  /** Field with the id, a text or a number. All features of the entity have the same field. */
  field: Field;
}

interface Named {
  /** Name in the vector, in snake_case and unique. */
  name: string;
  /** Meaning of the value, for a person. */
  description: string;
  /** Unit of the value, such as `ms`, `count` or `percent`. */
  unit: string;
  /** Default 1. A higher version makes a deployment compute the feature from scratch. */
  version?: number;
}

interface Sourced<E, Source> extends Named {
  /** Type of the events that the feature reads. `any` reads events of all types, and only their shared fields. */
  source: Source;
  /** Conditions on the events, which must all be true. Default: every event of the source. */
  where?: readonly Condition<E>[];
}

/** A feature that an aggregate computes from events. See {@link Aggregate} and {@link Window}. */
export type AggregateFeature<E = AnyEvent, Source = EventType | "any"> = Sourced<E, Source> &
  (
    | { entity: "page"; aggregate: Credit<E>; window: LifetimeWindow | FixedWindow }
    | { entity: "session"; aggregate: Aggregate<E> | LatestPerView<E>; window: Window }
    | {
        entity: Exclude<Entity<FieldPath<E, string>>, "session">;
        aggregate: Aggregate<E>;
        window: LifetimeWindow | FixedWindow;
      }
    | { entity: Entity<FieldPath<E, string>>; aggregate: Rate; window: FixedWindow }
  );

/** A feature that an expression computes from features of the same entity, which can be anywhere in the list. */
export interface DerivedFeature extends Named {
  entity: Entity;
  derive: Expression;
}

/**
 * Function that reduces events to one value. It skips an event without the field. Its value for no events is `null`, 0
 * or `[]`.
 */
export type Aggregate<E = AnyEvent> =
  /** Number of events; 0 for none. */
  | { type: "count" }
  /**
   * Exact, in units of one millionth. For no events the sum is 0 and the mean `null`. `stddev` is that of a sample:
   * `null` for one.
   */
  | { type: "sum" | "mean" | "stddev"; field: FieldPath<E, number> }
  | { type: "min" | "max"; field: FieldPath<E, number> }
  /** Largest value minus the smallest. */
  | { type: "span"; field: FieldPath<E, number> }
  /**
   * Value of the earliest or latest event by event time, then tab_id, then seq. With `absent: "null"` an event without
   * the field is not skipped: its value is `null`.
   */
  | { type: "first" | "last"; field: FieldPath<E, number | string>; absent?: "null" }
  /** Number of distinct values: exact up to 128, then HyperLogLog with 3.25 % standard error; 0 for none. */
  | { type: "distinct"; field: FieldPath<E, number | string> }
  /** Value at the quantile `q` (0 to 1), within 2 % of that value (DDSketch). */
  | { type: "quantile"; field: FieldPath<E, number>; q: number }
  /** The `k` (at most 20) most frequent values, most frequent first: exact up to 64 distinct values. */
  | { type: "top_k"; field: FieldPath<E, number | string>; k: number }
  /** Number of events, each with a weight that halves every `half_life_ms`; 0 for none. */
  | { type: "decayed_count"; half_life_ms: number }
  /** Time since the latest event, in milliseconds. */
  | { type: "time_since_last" }
  /** The values of the latest `n` (at most 20) events, latest last. */
  | { type: "last_n"; field: FieldPath<E, number | string>; n: number };

/**
 * Aggregate of a cumulative field, for features of the session only: the sum or the maximum of the latest value of each
 * page view. A lost event has no effect once a later event of its page view arrives.
 */
export interface LatestPerView<E = AnyEvent> {
  type: "latest_per_view";
  field: FieldPath<E, number>;
  combine: "sum" | "max";
}

/**
 * Aggregate of the events before which the session viewed a page, for features of the page only. It is the sum of the
 * page's shares in the events or, with `field`, in the values of the events; zero for none. The shares of an event's pages
 * add up to 1, except for `each`.
 */
export type Credit<E = AnyEvent> =
  /** `each`: 1 for each page. `last_touch`: 1 for the page viewed last. `linear`: equal shares. */
  | { type: "credit"; share: "each" | "last_touch" | "linear"; field?: FieldPath<E, number> }
  /** A share that halves with every `half_life_ms` between the page's latest view and the event. */
  | { type: "credit"; share: "time_decay"; half_life_ms: number; field?: FieldPath<E, number> };

/** Number of events per `per_ms`, over a window of fixed size. */
export interface Rate {
  type: "rate";
  per_ms: number;
}

/** A condition on one field. An absent field satisfies no condition, not even `ne`. */
export type Condition<E = AnyEvent> =
  | Equality<E, string>
  | Equality<E, number>
  | Equality<E, boolean>
  | { field: FieldPath<E, number>; is: "lt" | "lte" | "gt" | "gte"; value: number };

type Equality<E, V> =
  | { field: FieldPath<E, V>; is: "eq" | "ne"; value: V }
  | { field: FieldPath<E, V>; is: "in"; values: readonly V[] };

/**
 * The period of a feature. Windows of fixed size are aligned to 1970-01-01 UTC, like Flink's. Their value at a moment
 * is the value so far of the window that contains the moment. The functions in `windows.ts` create windows.
 */
export type Window = SessionWindow | LifetimeWindow | FixedWindow;

/** The whole session. */
export interface SessionWindow {
  type: "session";
}

/** All events of the entity. */
export interface LifetimeWindow {
  type: "lifetime";
}

/** A window of fixed size. */
export type FixedWindow = TumblingWindow | HoppingWindow | CumulativeWindow;

/** Consecutive windows of `size_ms` that do not overlap. */
export interface TumblingWindow {
  type: "tumbling";
  size_ms: number;
}

/** A window of `panes` × `every_ms` that advances by `every_ms`. */
export interface HoppingWindow {
  type: "hopping";
  every_ms: number;
  panes: number;
}

/** A window that grows by `every_ms` up to `panes` × `every_ms`, then resets. */
export interface CumulativeWindow {
  type: "cumulative";
  every_ms: number;
  panes: number;
}

/**
 * A calculation over features. Its value is `null` when an operand is `null`, a divisor is zero, or an operand has a
 * type that the operator does not support. Arithmetic and order support numbers, logic booleans, and equality
 * everything but lists.
 */
export type Expression =
  | number
  | { readonly feature: string }
  | { readonly op: Arithmetic | Comparison | "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly op: "not"; readonly of: Expression }
  | { readonly if: Expression; readonly then: Expression; readonly else: Expression };

/** Operators that compute a number from two numbers. */
export type Arithmetic = "add" | "subtract" | "multiply" | "divide" | "min" | "max";

/** Operators that compute a boolean from two values. */
export type Comparison = "eq" | "ne" | "lt" | "lte" | "gt" | "gte";
