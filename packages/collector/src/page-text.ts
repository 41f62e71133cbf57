import type { FeatureValue } from "@tidemark/schema";

/** Longest JSON string of a text of a page, in characters, with its quotes and escapes. */
export const MAX_PAGE_TEXT = 200;

/** The characters that separate words or lines, of which one space remains. */
const SEPARATORS = /[\t\n\v\f\r\u0085\p{Z}]+/gu;

/**
 * The characters that have no shape of their own: control and format characters with those of direction, private and
 * ignorable code points with variation selectors and tags, and halves of surrogate pairs.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** A text in which nothing needs a change: most texts. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/** A text as one line of visible characters. */
export const visibleText = (text: string): string =>
  PLAIN.test(text) ? text : text.replace(SEPARATORS, " ").replace(INVISIBLE, "").replace(/ +/g, " ").trim();

/**
 * A text of a page or a visitor as a context repeats it: one line of visible characters. Its JSON string has at most
 * {@link MAX_PAGE_TEXT} characters; a longer one is cut and ends with `…`.
 */
export const pageText = (text: string): string => {
  const visible = visibleText(text);
  // Each character is at most two in JSON.
  if (2 * visible.length + 2 <= MAX_PAGE_TEXT || JSON.stringify(visible).length <= MAX_PAGE_TEXT) return visible;
  let length = 3;
  let end = 0;
  for (const character of visible) {
    length += character === '"' || character === "\\" ? 2 : character.length;
    if (length > MAX_PAGE_TEXT) break;
    end += character.length;
  }
  return `${visible.slice(0, end)}…`;
};

/** The value of a feature with each of its texts as {@link pageText}. */
export const pageValue = (value: FeatureValue): FeatureValue => {
  if (typeof value === "string") return pageText(value);
  return typeof value === "object" && value !== null
    ? value.map((item) => (typeof item === "string" ? pageText(item) : item))
    : value;
};
