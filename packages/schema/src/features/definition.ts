import type { FeatureValue } from "../answer.ts";
import type { EventOf, EventType } from "../events/index.ts";
import type { View } from "../view.ts";

/**
 * A feature is a value, not code: whom it is about (entity), which events it reads (source, where), how it condenses them
 * (aggregate) and over which stretch of time (window). The same value is folded live, replayed and documented.
 *
 * Write definitions `as const satisfies readonly Feature[]`: a field that the source does not have is a compile error,
 * and `VectorOf` names what comes out.
 */
export type Feature =
  | { [T in EventType]: AggregateFeature<FeatureEvent<T>, T> }[EventType]
  | AggregateFeature<AnyEvent, "any">
  | DerivedFeature;

/** An event as features see it: its own fields, its view's under `view`, and where in the view it happened. */
export type FeatureEvent<T extends EventType = EventType> = EventOf<T> & ViewContext;

type ViewContext = {
  /** Context of the view; absent for events outside of any view. */
  view?: View | undefined;
  /** Time since the view began, in milliseconds; absent outside of any view. */
  view_time_ms?: number | undefined;
};

/** What events of every type have. */
type AnyEvent = Pick<EventOf<"custom">, "seq" | "time" | "view_id"> & ViewContext;

interface Named {
  /** Name in the vector, snake_case. */
  name: string;
  /** Whom the feature is about. */
  entity: "session";
  /** What it says, for a person. */
  description: string;
  /** Unit of the value, as `ms`, `count`, `percent`. */
  unit: string;
}

/** A feature that condenses events, named by their type in `source` (`any` reads the fields that all types share). */
export interface AggregateFeature<E = AnyEvent, Source = EventType | "any"> extends Named {
  source: Source;
  /** Tests that must all hold; none means every event of the source. */
  where?: readonly Condition<E>[];
  aggregate: Aggregate<E>;
  window: Window;
}

/** A feature computed from others. */
export interface DerivedFeature extends Named {
  derive: Expression;
}

/** How events become one value. */
export type Aggregate<E = AnyEvent> =
  | { type: "count" }
  | { type: "sum" | "min" | "max"; field: FieldPath<E, number> }
  /** The value of the earliest or latest event by event time. */
  | { type: "first" | "last"; field: FieldPath<E, number | string> }
  /** Largest less smallest. */
  | { type: "span"; field: FieldPath<E, number> }
  /**
   * For cumulative fields: the latest statement of each view counts, and the views are summed or the largest is taken.
   * A lost event costs nothing once a later one of the same view arrives.
   */
  | { type: "latest_per_view"; field: FieldPath<E, number>; combine: "sum" | "max" };

/** A test on one field: equal, or less than or equal. An absent field fails it. */
export interface Condition<E = AnyEvent> {
  field: FieldPath<E, Primitive>;
  is: "eq" | "lte";
  value: Primitive;
}

/** The stretch of time that a feature covers: `session` is all of it. */
export type Window = { type: "session" };

/** Arithmetic over other features; `null` wherever an operand is `null` or a divisor is zero. */
export type Expression =
  | number
  | { feature: string }
  | { op: "add" | "subtract" | "multiply" | "divide"; left: Expression; right: Expression };

/** The vector that a list of definitions yields. */
export type VectorOf<Features extends readonly Feature[]> = { [N in Features[number]["name"]]: FeatureValue };

type Primitive = string | number | boolean;

/** Dotted paths of the fields of an event that hold a `V`. */
export type FieldPath<E, V> = {
  [K in keyof E & string]: NonNullable<E[K]> extends Primitive
    ? NonNullable<E[K]> extends V
      ? K
      : never
    : NonNullable<E[K]> extends View
      ? `${K}.${FieldPath<View, V>}`
      : never;
}[keyof E & string];
