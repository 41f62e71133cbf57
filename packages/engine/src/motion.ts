import type { AggregateFeature, Expression, Feature, FeatureValue } from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation-order";

/**
 * The change of a feature's value while no event arrives. The value never changes, it only rises or only falls until it is
 * `null`, or it changes at known times. It decays where it falls by powers, which are rounded.
 */
export type Motion = "rests" | "rises" | "falls" | "decays" | "steps";

/** The value of a feature while no event arrives. */
export interface ValueOverTime {
  motion: Motion;
  /** The times at which the value of a feature that steps may change, in UTC milliseconds and ascending. */
  steps: readonly number[];
  /** The value at a time in UTC milliseconds, as the vector has it. */
  at(time: number): FeatureValue;
}

/** Returns how the value of a feature changes while no event arrives. */
export const motionOf = ({ aggregate, window }: Pick<AggregateFeature, "aggregate" | "window">): Motion => {
  const isFixed = window.type !== "session" && window.type !== "lifetime";
  switch (aggregate.type) {
    case "time_since_last":
      return "rises";
    case "decayed_count":
      return "decays";
    case "count":
    case "rate":
      return isFixed ? "falls" : "rests";
    default:
      return isFixed ? "steps" : "rests";
  }
};

/**
 * Whether the value of an expression over features can change while no event arrives. A name that no feature has, such as a
 * prediction's, stands for a value that time alone does not change.
 */
export const changesWithTime = (expression: Expression, features: readonly Feature[]): boolean => {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const visited = new Set<string>();
  const changes = (name: string): boolean => {
    const feature = byName.get(name);
    if (!feature || visited.has(name)) return false;
    visited.add(name);
    return isDerived(feature)
      ? featuresIn(feature.derive).some(changes)
      : motionOf(feature as unknown as AggregateFeature) !== "rests";
  };
  return featuresIn(expression).some(changes);
};
