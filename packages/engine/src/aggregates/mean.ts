import { type Exact, fromMillionths, millionths, plus } from "../exact.ts";
import type { AggregateKind } from "./aggregate.ts";
import { isSummable } from "./sum.ts";

type Sum = [count: number, sum: Exact];

/** Mean of a numeric field: its sum in whole millionths, divided by the number of its values. `null` for no values. */
export const mean: AggregateKind<Sum> = {
  emptyPartial: () => [0, 0],
  add(partial, value) {
    if (isSummable(value)) {
      partial[0] += 1;
      partial[1] = plus(partial[1], millionths(value));
    }
    return partial;
  },
  mergeInto: (a, b) => [a[0] + b[0], plus(a[1], b[1])],
  result: ([count, sum]) => (count === 0 ? null : fromMillionths(sum) / count),
};
