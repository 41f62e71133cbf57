import { Math, Number } from "../platform.ts";

/** Cuts a text to at most `max` UTF-16 code units, and never within a surrogate pair. */
export const cut = (text: string, max: number): string => text.slice(0, max).replace(/[\ud800-\udbff]$/, "");

/** The nearest number from `min` to `max`. A value that is not a number counts as 0. */
export const bounded = (value: unknown, min = 0, max = 1e9): number => Math.min(max, Math.max(min, Number(value) || 0));

/** The nearest whole number from `min` to `max`. A value that is not a number counts as 0. */
export const whole = (value: unknown, min?: number, max?: number): number => Math.round(bounded(value, min, max));

/** The value if it is one of `known`, else the first of `known`. */
export const oneOf = <T>(known: readonly [T, ...T[]], value: unknown): T =>
  known.includes(value as T) ? (value as T) : known[0];
