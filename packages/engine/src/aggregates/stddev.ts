import { type Exact, millionths, plus, plusSquare } from "../exact.ts";
import { MAX_DEVIANT } from "../limits.ts";
import type { AggregateKind } from "./aggregate.ts";

/**
 * The sum is in millionths. Squares of whole numbers are in ones, and squares of other numbers in millionths of
 * millionths. The two sums are separate so that the common one stays a safe integer.
 */
type Moments = [count: number, sum: Exact, squaresOfWholes: Exact, squaresOfOthers: Exact];

const MILLION = 1e6;

const sumOfSquares = ([, , wholes, others]: Moments): bigint => BigInt(wholes) * BigInt(MILLION) ** 2n + BigInt(others);

/**
 * Sample standard deviation (n - 1) of a numeric field. `null` for fewer than two values. The sums of the values and of
 * their squares are exact, in millionths: the result has no cancellation error and does not depend on the order of the
 * values.
 */
export const stddev: AggregateKind<Moments> = {
  emptyPartial: () => [0, 0, 0, 0],
  add(partial, value) {
    if (typeof value === "number" && Math.abs(value) <= MAX_DEVIANT) {
      const units = millionths(value);
      partial[0] += 1;
      partial[1] = plus(partial[1], units);
      if (Number.isInteger(value)) partial[2] = plusSquare(partial[2], value);
      else partial[3] = plusSquare(partial[3], units);
    }
    return partial;
  },
  mergeInto: (a, b) => [a[0] + b[0], plus(a[1], b[1]), plus(a[2], b[2]), plus(a[3], b[3])],
  result(partial) {
    const [count, sum] = partial;
    if (count < 2) return null;
    const spread = BigInt(count) * sumOfSquares(partial) - BigInt(sum) * BigInt(sum);
    return Math.sqrt(Number(spread) / (count * (count - 1))) / MILLION;
  },
};
