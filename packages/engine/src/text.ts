import { MAX_TEXT_CHARACTERS } from "./limits.ts";

/** A text as a state keeps it: its first {@link MAX_TEXT_CHARACTERS} characters, as SQL's `LEFT` counts them, which cuts no pair of surrogates in two. */
export const truncate = (text: string): string =>
  text.length <= MAX_TEXT_CHARACTERS
    ? text
    : [...text.slice(0, 2 * MAX_TEXT_CHARACTERS)].slice(0, MAX_TEXT_CHARACTERS).join("");

/** A UTF-16 unit's place in the order of code points, where surrogates come after all others. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Whether a text comes before another by their characters (code points), which is the order of UTF-8's bytes, and so SQL's. */
export const textPrecedes = (a: string, b: string): boolean => {
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    const [one, other] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (one !== other) return rank(one) < rank(other);
  }
  return a.length < b.length;
};
