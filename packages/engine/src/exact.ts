/**
 * A whole number that is never rounded: a `number` where that is exact, and its decimal digits otherwise, since states
 * are JSON. Sums of whole numbers do not depend on the order of addition, unlike sums of fractions.
 */
export type Exact = number | string;

/** Number of millionths in one. Fractions are stored in millionths. */
const MILLION = 1_000_000;

/** Returns the only representation of a whole number, so that equal numbers are the same value. */
const exact = (value: bigint): Exact => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
};

/** Returns `a + b`. */
export const plus = (a: Exact, b: Exact): Exact => {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return exact(BigInt(a) + BigInt(b));
};

/** Returns `sum + a * a`. */
export const plusSquare = (sum: Exact, a: Exact): Exact => {
  if (typeof sum === "number" && typeof a === "number") {
    const total = sum + a * a;
    if (Number.isSafeInteger(total)) return total;
  }
  return exact(BigInt(sum) + BigInt(a) ** 2n);
};

/**
 * Converts a number to millionths: a whole number exactly, any other number to the nearest millionth. Halves round away
 * from zero, as in SQL's `ROUND`.
 */
export const millionths = (value: number): Exact => {
  if (!Number.isInteger(value)) return Math.sign(value) * Math.round(Math.abs(value) * MILLION);
  const units = value * MILLION;
  return Number.isSafeInteger(units) ? units : exact(BigInt(value) * BigInt(MILLION));
};

/** Converts millionths to a number: exactly, when the result is a safe integer. */
export const fromMillionths = (units: Exact): number => {
  if (typeof units === "number") return units / MILLION;
  const [whole, million] = [BigInt(units), BigInt(MILLION)];
  return Number(whole / million) + Number(whole % million) / MILLION;
};
