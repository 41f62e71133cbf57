import { type Exact, fromMillionths, millionths, plus } from "../exact.ts";
import type { AggregateKind } from "./aggregate.ts";
import { isSummable } from "./sum.ts";

type Sum = [count: number, sum: Exact];

/** Sum of a numeric field, kept in whole millionths, by the number of its values. `null` for none. */
export const mean: AggregateKind<Sum> = {
  emptyPartial: () => [0, 0],
  add(state, value) {
    if (isSummable(value)) {
      state[0] += 1;
      state[1] = plus(state[1], millionths(value));
    }
    return state;
  },
  mergeInto: (a, b) => [a[0] + b[0], plus(a[1], b[1])],
  result: ([count, sum]) => (count === 0 ? null : fromMillionths(sum) / count),
};
