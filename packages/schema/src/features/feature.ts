import type { Consent } from "../consent.ts";
import type { EventOf, EventType } from "../events/index.ts";
import type { View } from "../view.ts";
import type { FieldPath } from "./field-path.ts";

/**
 * A feature is a value, not code: whom it is about (entity), which events it reads (source, where), how it condenses them
 * (aggregate) and over which stretch of time (window). The same value is folded live, replayed, compiled to SQL and
 * documented. `defineFeatures` types a list of them; `parseFeatures` checks one that arrives as JSON.
 */
export type Feature =
  | { [T in EventType]: AggregateFeature<FeatureEvent<T>, T> }[EventType]
  | AggregateFeature<AnyEvent, "any">
  | DerivedFeature;

/** An event as features see it: its own fields, its view's under `view`, where in the view it happened, and whose it is. */
export type FeatureEvent<T extends EventType = EventType> = EventOf<T> & ContextFields;

/** What events of every type have: what `any` reads. */
export type AnyEvent = Pick<EventOf<"custom">, "seq" | "time" | "view_id"> & ContextFields;

/** What the collector knows of an event beside what its sender said of it. */
export interface ContextFields {
  /** Context of the view; absent for events outside of any view. */
  view?: View | undefined;
  /** Time since the view began, in milliseconds; absent outside of any view. */
  view_time_ms?: number | undefined;
  tab_id?: string | undefined;
  session_id?: string | undefined;
  /** The visitor's browser. */
  anonymous_id?: string | undefined;
  /** The user, once identified. */
  user_id?: string | undefined;
  /** What the visitor had answered; absent where the site had not asked. */
  consent?: Consent | undefined;
}

/**
 * Whom a feature is about. Its id is, for `session`, the session's; for `user`, the `user_id` once identified and the
 * `anonymous_id` before; for `page`, the path of the view; for one of your own, the value of a field. An event without
 * the id says nothing about the entity, and none without leave to be personal says anything about a person.
 */
export type Entity<Field extends string = string> = "session" | "user" | "page" | CustomEntity<Field>;

/** An entity of your own: the events with the same value in `field` are about the same one. */
export interface CustomEntity<Field extends string = string> {
  /** snake_case, and none of `session`, `user`, `page`. */
  name: string;
  /** Holds the id, a text or a number. The same for all features of the entity. */
  field: Field;
}

interface Named {
  /** Name in the vector, snake_case. No other feature has it. */
  name: string;
  /** What it says, for a person. */
  description: string;
  /** Unit of the value, as `ms`, `count`, `percent`. */
  unit: string;
  /** 1 by default. A higher one makes the feature begin anew where it is deployed. */
  version?: number;
}

interface Sourced<E, Source> extends Named {
  /** The events that are read, by their type; `any` reads the fields that all types share. */
  source: Source;
  /** Tests that must all hold; none means every event of the source. */
  where?: readonly Condition<E>[];
}

/** A feature that condenses events. What goes with what: see {@link Aggregate} and {@link Window}. */
export type AggregateFeature<E = AnyEvent, Source = EventType | "any"> = Sourced<E, Source> &
  (
    | { entity: "session"; aggregate: Aggregate<E> | LatestPerView<E>; window: Window }
    | {
        entity: Exclude<Entity<FieldPath<E, string>>, "session">;
        aggregate: Aggregate<E>;
        window: LifetimeWindow | FixedWindow;
      }
    | { entity: Entity<FieldPath<E, string>>; aggregate: Rate; window: FixedWindow }
  );

/** A feature computed from others of the same entity, which may stand anywhere in the list. */
export interface DerivedFeature extends Named {
  entity: Entity;
  derive: Expression;
}

/** How events become one value. An event without the field is passed over; `null` is the value of no event at all. */
export type Aggregate<E = AnyEvent> =
  /** Number of events; 0 for none. */
  | { type: "count" }
  /** Exact, in units of one millionth. The sum of nothing is 0, the mean `null`, the sample's deviation of one `null`. */
  | { type: "sum" | "mean" | "stddev"; field: FieldPath<E, number> }
  | { type: "min" | "max"; field: FieldPath<E, number> }
  /** Largest less smallest. */
  | { type: "span"; field: FieldPath<E, number> }
  /** The value of the earliest or latest event: by event time, then tab_id, then seq. */
  | { type: "first" | "last"; field: FieldPath<E, number | string> }
  /** Different values: exact up to 128, then HyperLogLog with 3.25 % standard error; 0 for none. */
  | { type: "distinct"; field: FieldPath<E, number | string> }
  /** The value below which a share `q` (0 to 1) of the values lies, within 2 % of that value (DDSketch). */
  | { type: "quantile"; field: FieldPath<E, number>; q: number }
  /** The `k` (at most 20) most frequent values, most frequent first: exact while there are at most 64 different ones. */
  | { type: "top_k"; field: FieldPath<E, number | string>; k: number }
  /** Events, each worth half as much every `half_life_ms`; 0 for none. */
  | { type: "decayed_count"; half_life_ms: number }
  /** Milliseconds since the latest event. */
  | { type: "time_since_last" }
  /** The values of the latest `n` (at most 20) events, latest last. */
  | { type: "last_n"; field: FieldPath<E, number | string>; n: number };

/**
 * For cumulative fields, of the session only: the latest statement of each view counts, and the views are summed or the
 * largest is taken. A lost event costs nothing once a later one of the same view arrives.
 */
export interface LatestPerView<E = AnyEvent> {
  type: "latest_per_view";
  field: FieldPath<E, number>;
  combine: "sum" | "max";
}

/** Events per `per_ms`, over a window whose size is known. */
export interface Rate {
  type: "rate";
  per_ms: number;
}

/** A test on one field. An absent field fails every test, `ne` too. */
export type Condition<E = AnyEvent> =
  | Equality<E, string>
  | Equality<E, number>
  | Equality<E, boolean>
  | { field: FieldPath<E, number>; is: "lt" | "lte" | "gt" | "gte"; value: number };

type Equality<E, V> =
  | { field: FieldPath<E, V>; is: "eq" | "ne"; value: V }
  | { field: FieldPath<E, V>; is: "in"; values: readonly V[] };

/**
 * The stretch of time that a feature covers. Windows of fixed size are aligned to 1970-01-01 UTC, as Flink's are, and their
 * value at a moment is that of the window which the moment lies in, so far. Built by the functions in `windows.ts`.
 */
export type Window = SessionWindow | LifetimeWindow | FixedWindow;

/** All of a session. */
export interface SessionWindow {
  type: "session";
}

/** Everything that was ever heard of the entity. */
export interface LifetimeWindow {
  type: "lifetime";
}

/** A window whose size is known. */
export type FixedWindow = TumblingWindow | HoppingWindow | CumulativeWindow;

/** One window after the other. */
export interface TumblingWindow {
  type: "tumbling";
  size_ms: number;
}

/** A window of `panes` x `every_ms` that moves on every `every_ms`. */
export interface HoppingWindow {
  type: "hopping";
  every_ms: number;
  panes: number;
}

/** A window that grows by `every_ms` until it has `panes` of them, and then starts again. */
export interface CumulativeWindow {
  type: "cumulative";
  every_ms: number;
  panes: number;
}

/**
 * A calculation over other features. It is `null` wherever an operand is `null`, a divisor is zero, or an operand is not of
 * the kind that the operator takes: numbers for arithmetic and order, truth values for logic, anything but lists for equality.
 */
export type Expression =
  | number
  | { readonly feature: string }
  | { readonly op: Arithmetic | Comparison | "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly op: "not"; readonly of: Expression }
  | { readonly if: Expression; readonly then: Expression; readonly else: Expression };

/** Operators on two numbers that yield a number. */
export type Arithmetic = "add" | "subtract" | "multiply" | "divide" | "min" | "max";

/** Operators on two values that yield a truth value. */
export type Comparison = "eq" | "ne" | "lt" | "lte" | "gt" | "gte";
