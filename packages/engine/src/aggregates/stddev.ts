import { type Exact, millionths, plus, plusSquare } from "../exact.ts";
import { MAX_DEVIANT } from "../limits.ts";
import type { AggregateKind } from "./aggregate.ts";

/**
 * The sum is in millionths. Squares of whole numbers are kept in ones, others' in millionths of millionths, so that the usual sum
 * of squares is a number.
 */
type Moments = [count: number, sum: Exact, squaresOfWholes: Exact, squaresOfOthers: Exact];

const MILLION = 1e6;

const sumOfSquares = ([, , wholes, others]: Moments): bigint => BigInt(wholes) * BigInt(MILLION) ** 2n + BigInt(others);

/**
 * Standard deviation of a sample (n - 1) of a numeric field, from exact sums of the values and of their squares, in
 * millionths: nothing cancels out, in whatever order the values come. `null` for fewer than two.
 */
export const stddev: AggregateKind<Moments> = {
  emptyPartial: () => [0, 0, 0, 0],
  add(state, value) {
    if (typeof value === "number" && Math.abs(value) <= MAX_DEVIANT) {
      const units = millionths(value);
      state[0] += 1;
      state[1] = plus(state[1], units);
      if (Number.isInteger(value)) state[2] = plusSquare(state[2], value);
      else state[3] = plusSquare(state[3], units);
    }
    return state;
  },
  mergeInto: (a, b) => [a[0] + b[0], plus(a[1], b[1]), plus(a[2], b[2]), plus(a[3], b[3])],
  result(state) {
    const [count, sum] = state;
    if (count < 2) return null;
    const spread = BigInt(count) * sumOfSquares(state) - BigInt(sum) * BigInt(sum);
    return Math.sqrt(Number(spread) / (count * (count - 1))) / MILLION;
  },
};
