import { type Exact, millionths, plus, plusSquare } from "../exact.ts";
import type { AggregateKind } from "./aggregate.ts";

type Moments = [count: number, sum: Exact, sumOfSquares: Exact];

/** Values beyond this, in either direction, are passed over: their squares would not fit SQL's widest whole number. */
const MAX_VALUE = 1e9;

const MILLION = 1e6;

/**
 * Standard deviation of a sample (n - 1) of a numeric field, from exact sums of the values and of their squares, in
 * millionths: nothing cancels out, in whatever order the values come. `null` for fewer than two.
 */
export const stddev: AggregateKind<Moments> = {
  zero: () => [0, 0, 0],
  add(state, value) {
    if (typeof value === "number" && Math.abs(value) <= MAX_VALUE) {
      const units = millionths(value);
      state[0] += 1;
      state[1] = plus(state[1], units);
      state[2] = plusSquare(state[2], units);
    }
    return state;
  },
  merge: (a, b) => [a[0] + b[0], plus(a[1], b[1]), plus(a[2], b[2])],
  result([count, sum, sumOfSquares]) {
    if (count < 2) return null;
    const spread = BigInt(count) * BigInt(sumOfSquares) - BigInt(sum) * BigInt(sum);
    return Math.sqrt(Number(spread) / (count * (count - 1))) / MILLION;
  },
};
