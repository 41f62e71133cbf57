import type { Expression, Feature, FeatureValue } from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation-order";
import { type Bounds, boundsOf, isTrue, mayBe, only, rangeOf, rangeOrNull } from "./bounds.ts";
import type { Engine, EngineState } from "./engine.ts";
import { evaluate } from "./expression.ts";
import { changesWithTime, type ValueOverTime } from "./motion.ts";

/** A condition over the features of one entity that time alone may fulfil. */
export interface TimedCondition {
  /**
   * Returns the earliest time at which the condition is true while no event arrives; `undefined` for none. Times are integers,
   * in UTC milliseconds.
   *
   * The time is exact unless the condition takes more than {@link MAX_BOUNDED} ranges to decide, as one that compares two
   * features that change together. From there on it looks once in {@link GRANULARITY_MS}.
   *
   * A search that would take more work than allowed ends early. It then returns the first time that it has not examined, at
   * which the condition may be false: search again from there on.
   *
   * @param constant The values that time does not change, such as predictions, by their names.
   * @param from First time to consider.
   * @param until Last time to consider.
   * @param work Largest number of operands to evaluate, which {@link MIN_EXAMINED} times may exceed. Default: no bound.
   */
  nextTrue(
    state: EngineState,
    constant: (name: string) => FeatureValue | undefined,
    from: number,
    until: number,
    work?: number,
  ): number | undefined;
}

/** Largest number of ranges of time for which the condition is bounded. */
const MAX_BOUNDED = 256;

/** Distance of the times at which the condition is evaluated after that, in milliseconds. */
export const GRANULARITY_MS = 1_000;

/** Smallest number of times that a search examines, whatever its work: it must come to an end. */
const MIN_EXAMINED = 8;

/** Relative error of a decayed count, whose powers are rounded. */
const ROUNDING = 1e-14;

type Leaf = { expression: Expression } | { over: ValueOverTime } | { value: FeatureValue };

const isList = (value: FeatureValue): value is readonly (string | number)[] =>
  typeof value === "object" && value !== null;

const boundsOfValue = (value: FeatureValue): Bounds => only(isList(value) ? null : value);

/** Bounds the value of a feature from one time to another. */
const boundsOver = ({ motion, steps, at }: ValueOverTime, from: number, to: number): Bounds => {
  const first = at(from);
  if (from === to || motion === "rests") return boundsOfValue(first);
  if (motion === "steps") return steps.some((step) => step > from && step <= to) ? "any" : boundsOfValue(first);
  // Without an event, no value follows on `null`.
  if (typeof first !== "number") return boundsOfValue(first);
  const last = at(to);
  if (motion === "falls" || motion === "decays") {
    const error = motion === "decays" ? ROUNDING : 0;
    const high = first * (1 + error);
    return typeof last === "number" ? rangeOf(last * (1 - error), high) : rangeOrNull(0, high);
  }
  return typeof last === "number" ? rangeOf(first, last) : rangeOrNull(first, first + (to - from) + 1);
};

/** Returns the middle of a range, or a time at which a feature steps, from which on the later half begins. */
const splitOf = (leaves: Iterable<Leaf>, from: number, to: number): number => {
  const middle = from + Math.ceil((to - from) / 2);
  const inside = [...leaves]
    .flatMap((leaf) => ("over" in leaf ? leaf.over.steps : []))
    .map(Math.ceil)
    .filter((step) => step > from && step <= to);
  return inside.length === 0
    ? middle
    : inside.reduce((nearest, step) => (Math.abs(step - middle) < Math.abs(nearest - middle) ? step : nearest));
};

/** Number of operands of an expression, with itself. */
const sizeOf = (expression: Expression): number => {
  if (typeof expression === "number" || "feature" in expression) return 1;
  const operands =
    "if" in expression
      ? [expression.if, expression.then, expression.else]
      : "of" in expression
        ? [expression.of]
        : [expression.left, expression.right];
  return operands.reduce<number>((sum, operand) => sum + sizeOf(operand), 1);
};

/** Number of operands of a condition and of the derived features that it reads, each of which is evaluated once. */
const sizeWith = (condition: Expression, derived: ReadonlyMap<string, Expression>): number => {
  const counted = new Set<string>();
  const count = (expression: Expression): number =>
    featuresIn(expression).reduce((sum, name) => {
      const read = derived.get(name);
      if (read === undefined || counted.has(name)) return sum;
      counted.add(name);
      return sum + count(read);
    }, sizeOf(expression));
  return count(condition);
};

/**
 * Compiles a condition; returns `undefined` for one that time alone does not change.
 *
 * @param engine Engine of the features of the entity.
 */
export const createTimedCondition = (
  condition: Expression,
  engine: Engine,
  features: readonly Feature[],
): TimedCondition | undefined => {
  if (!changesWithTime(condition, features)) return undefined;
  const derived = new Map(features.filter(isDerived).map(({ name, derive }) => [name, derive]));
  const size = sizeWith(condition, derived);
  return {
    nextTrue(state, constant, from, until, work = Number.POSITIVE_INFINITY) {
      const leaves = new Map<string, Leaf>();
      const leafOf = (name: string): Leaf => {
        const known = leaves.get(name);
        if (known) return known;
        const expression = derived.get(name);
        const over = expression === undefined ? engine.overTime(state, name) : undefined;
        const leaf = expression !== undefined ? { expression } : over ? { over } : { value: constant(name) ?? null };
        leaves.set(name, leaf);
        return leaf;
      };
      const valueAt = (time: number): boolean => {
        const values = new Map<string, FeatureValue>();
        const read = (name: string): FeatureValue => {
          const known = values.get(name);
          if (known !== undefined) return known;
          const leaf = leafOf(name);
          const value =
            "expression" in leaf ? evaluate(leaf.expression, read) : "over" in leaf ? leaf.over.at(time) : leaf.value;
          values.set(name, value);
          return value;
        };
        return evaluate(condition, read) === true;
      };
      const boundsFor = (first: number, last: number): Bounds => {
        const known = new Map<string, Bounds>();
        const read = (name: string): Bounds => {
          const before = known.get(name);
          if (before !== undefined) return before;
          const leaf = leafOf(name);
          const bounds =
            "expression" in leaf
              ? boundsOf(leaf.expression, read)
              : "over" in leaf
                ? boundsOver(leaf.over, first, last)
                : boundsOfValue(leaf.value);
          known.set(name, bounds);
          return bounds;
        };
        return boundsOf(condition, read);
      };

      if (from > until) return undefined;
      // Before the latest event the vector is that of its time.
      const isEarly = from < (state.event_time ?? from);
      if (isEarly && valueAt(from)) return from;
      // The ranges that are undecided yet, the earliest last.
      const ranges: [first: number, last: number][] = [
        [isEarly ? Math.floor(state.event_time ?? from) + 1 : from, until],
      ];
      // At most half of the work, so that the other half examines times.
      const mostBounded = Math.min(MAX_BOUNDED, work / size / 2);
      for (let bounded = 0; bounded < mostBounded; bounded += 1) {
        const range = ranges.pop();
        if (!range) return undefined;
        const [first, last] = range;
        if (first > last) continue;
        if (first === last) {
          if (valueAt(first)) return first;
          continue;
        }
        const bounds = boundsFor(first, last);
        if (!mayBe(bounds, true)) continue;
        if (isTrue(bounds)) return first;
        const split = splitOf(leaves.values(), first, last);
        ranges.push([split, last], [first, split - 1]);
      }
      let left = Math.max(MIN_EXAMINED, work / size / 2);
      while (ranges.length > 0) {
        const [first, last] = ranges.pop() as [number, number];
        for (let time = first; time <= last; time += GRANULARITY_MS) {
          if (left < 1 || valueAt(time)) return time;
          left -= 1;
        }
      }
      return undefined;
    },
  };
};
