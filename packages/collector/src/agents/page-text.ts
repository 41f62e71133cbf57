import type { FeatureValue } from "@tidemark/schema";
import { abbreviated } from "../abbreviated.ts";

/**
 * Characters that can change the lines or the direction of a text, or that nobody sees: controls, line and paragraph
 * separators, formatting such as bidirectional overrides, and halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text in one line, without characters that change the lines or the direction of the text around it. */
export const inOneLine = (text: string): string => text.replace(UNSAFE, " ");

/**
 * A text of a page, as an agent receives it: in one line, and of at most 200 characters. A page's author, or a visitor, may
 * have written it for the agent's eyes.
 */
export const pageText = (text: string): string => abbreviated(inOneLine(text));

const safeItem = (item: string | number): string | number => (typeof item === "string" ? pageText(item) : item);

/** The value of a feature with its texts as {@link pageText}. */
export const safeValue = (value: FeatureValue): FeatureValue => {
  if (typeof value === "object" && value !== null) return value.map(safeItem);
  return typeof value === "string" ? pageText(value) : value;
};
