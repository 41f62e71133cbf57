import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";

/**
 * A time in a query: ISO 8601, or UTC milliseconds.
 *
 * @param name Name of the parameter, for the message.
 * @returns UTC milliseconds.
 * @throws HttpError `invalid_query`
 */
export const timeIn = (name: string, text: string): number => {
  const time = /^\d{10,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time))
    throw new HttpError(
      "invalid_query",
      `${name}: expected a time such as 2026-11-29T09:00:00Z or 1795942800000; given ${JSON.stringify(abbreviated(text))}.`,
    );
  return time;
};
