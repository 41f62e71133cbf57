import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";

/** A day or a time in ISO 8601. `Date.parse` accepts any text with a year in it. */
const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

const parsed = (text: string): number => {
  if (/^\d{10,16}$/.test(text)) return Number(text);
  return ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
};

/**
 * A time in a query: ISO 8601, or UTC milliseconds.
 *
 * @param name Name of the parameter, for the message.
 * @returns UTC milliseconds.
 * @throws HttpError `invalid_query`
 */
export const timeIn = (name: string, text: string): number => {
  const time = parsed(text);
  if (Number.isNaN(time))
    throw new HttpError(
      "invalid_query",
      `${name}: expected a time such as 2026-11-29T09:00:00Z or 1795942800000; given ${JSON.stringify(abbreviated(text))}.`,
    );
  return time;
};
