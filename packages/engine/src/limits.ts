/** Bounds that the engine and the SQL of a feature share: the same value counts, or is passed over, in both. */

/** Values beyond this, in either direction, are no part of a sum or a mean: they would make the exact sum grow without bound. */
export const MAX_SUMMAND = 1e15;

/** Values beyond this, in either direction, are no part of a standard deviation: their squares would not fit SQL's widest whole number. */
export const MAX_DEVIANT = 1e9;

/** Longest text that a state or an entity's id keeps, in characters (code points). */
export const MAX_TEXT_CHARACTERS = 200;
