/**
 * A whole number that is never rounded: its decimal digits where a `number` would not be exact, since states are JSON. Addition
 * of such numbers does not depend on their order, which that of fractions does.
 */
export type Exact = number | string;

/** Millionths in one: the unit in which fractions are kept. */
const MILLION = 1_000_000;

/** Smallest form of a whole number, so that equal numbers are the same value. */
const exact = (value: bigint): Exact => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
};

/** a + b. */
export const plus = (a: Exact, b: Exact): Exact => {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return exact(BigInt(a) + BigInt(b));
};

/** sum + a * a. */
export const plusSquare = (sum: Exact, a: Exact): Exact => {
  if (typeof sum === "number" && typeof a === "number") {
    const total = sum + a * a;
    if (Number.isSafeInteger(total)) return total;
  }
  return exact(BigInt(sum) + BigInt(a) ** 2n);
};

/**
 * A number in millionths: whole numbers as they are, others to the nearest millionth, halves away from zero (as SQL's
 * `round`).
 */
export const millionths = (value: number): Exact => {
  if (!Number.isInteger(value)) return Math.sign(value) * Math.round(Math.abs(value) * MILLION);
  const units = value * MILLION;
  return Number.isSafeInteger(units) ? units : exact(BigInt(value) * BigInt(MILLION));
};

/** A number of millionths as the number it stands for: exactly, when that is whole and safe. */
export const fromMillionths = (units: Exact): number => {
  if (typeof units === "number") return units / MILLION;
  const [whole, million] = [BigInt(units), BigInt(MILLION)];
  return Number(whole / million) + Number(whole % million) / MILLION;
};
