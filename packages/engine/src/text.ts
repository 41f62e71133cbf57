import { MAX_TEXT_CHARACTERS } from "./limits.ts";

/**
 * Truncates a text to its first {@link MAX_TEXT_CHARACTERS} code points, which `LEFT` counts in SQL, and so never
 * splits a surrogate pair.
 */
export const truncate = (text: string): string =>
  text.length <= MAX_TEXT_CHARACTERS
    ? text
    : [...text.slice(0, 2 * MAX_TEXT_CHARACTERS)].slice(0, MAX_TEXT_CHARACTERS).join("");

/** Whether a text has at most this number of code points. */
export const hasAtMost = (text: string, characters: number): boolean =>
  text.length <= characters || (text.length <= 2 * characters && [...text].length <= characters);

/** The rank of a UTF-16 unit in the order of code points, in which surrogates follow all other units. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Whether a text precedes another in the order of code points, which is the order of UTF-8 bytes and of SQL. */
export const textPrecedes = (a: string, b: string): boolean => {
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    const [one, other] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (one !== other) return rank(one) < rank(other);
  }
  return a.length < b.length;
};
