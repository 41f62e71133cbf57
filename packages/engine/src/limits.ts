/** Bounds that the engine and the SQL of a feature share, so that both count and skip the same values. */

/** Largest absolute value in a sum or a mean: larger values are skipped, because the exact sum would grow without bound. */
export const MAX_SUMMAND = 1e15;

/** Largest absolute value in a standard deviation: larger values are skipped, because their squares exceed SQL's widest integer. */
export const MAX_DEVIANT = 1e9;

/** Longest text that a state or an entity's id keeps, in characters (code points). */
export const MAX_TEXT_CHARACTERS = 200;
