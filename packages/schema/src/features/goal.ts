import type { EventOf, EventType } from "../events/index.ts";
import type { Condition, ContextFields, FeatureEvent } from "./feature.ts";
import type { FieldPath } from "./field-path.ts";

/** A goal over events of any type. See {@link GoalOn}. */
export type Goal = { [T in EventType]: GoalOn<FeatureEvent<T>, T> }[EventType];

/**
 * A conversion of visitors: an event of a source that satisfies all conditions. It is data, like a feature definition.
 * `goalFeatures` returns its features, and `tidemark training-set --goal` makes labels from it.
 */
export interface GoalOn<E = EventOf<"custom"> & ContextFields, Source = EventType> {
  /** In snake_case, at most 30 characters, and unique. It is a part of the names of its features. */
  name: string;
  /** Type of the events that reach the goal. */
  source: Source;
  /** Conditions on the events, which must all be true. Default: every event of the source. */
  where?: readonly Condition<E>[];
  /** Value of reaching the goal once: a number, or the field of the event that has it. Default: the goal has no value. */
  value?: number | FieldPath<E, number>;
}
