/** Bounds that the engine and the compiled SQL share, so that both count and skip the same values. */

/**
 * Largest absolute value in a sum or a mean. Larger values are skipped, because the exact sum would grow without bound.
 */
export const MAX_SUMMAND = 1e15;

/**
 * Largest absolute value in a standard deviation. Larger values are skipped, because their squares exceed SQL's widest
 * integer.
 */
export const MAX_DEVIANT = 1e9;

/** Longest text in a state, in characters (code points). Longer texts are truncated, and still differ from each other. */
export const MAX_TEXT_CHARACTERS = 200;

/**
 * Longest id of a custom entity, in characters (code points): that of a page's path. A longer text is no id, because
 * truncated texts would make different entities one.
 */
export const MAX_ID_CHARACTERS = 1_000;
