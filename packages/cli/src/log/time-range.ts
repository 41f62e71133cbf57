import { UsageError } from "../command-line/command-error.ts";

/** A period of time. */
export interface TimeRange {
  /** First moment, in UTC milliseconds. Default: no bound. */
  from?: number | undefined;
  /** First moment after the period, in UTC milliseconds. Default: no bound. */
  to?: number | undefined;
}

export const DAY_MS = 86_400_000;

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_LENGTH = 10;

/** Whether a text is a date that exists: JavaScript reads the 30th of February as a day in March. */
const isDate = (text: string): boolean =>
  DATE.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

const TIME = /^\d{4}-\d\d-\d\dT\d\d(:\d\d(:\d\d(\.\d{1,3})?)?)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Parses a date or a time. A time without a zone is in UTC, and so is a date, which is its first moment.
 *
 * @throws UsageError that names the flag and shows the form.
 */
const parseTime = (text: string, flag: string): number => {
  const [, hour = ""] = /^([^T]*T\d\d)(?:Z|[+-]|$)/.exec(text) ?? [];
  const complete = hour ? text.replace(hour, `${hour}:00`) : text;
  const time = DATE.test(text)
    ? Date.parse(text)
    : TIME.test(text)
      ? Date.parse(/Z|[+-]\d\d:\d\d$/.test(complete) ? complete : `${complete}Z`)
      : Number.NaN;
  if (!Number.isNaN(time) && isDate(text.slice(0, DATE_LENGTH))) return time;
  throw new UsageError(
    `${flag} expects a date or a time, such as 2026-11-29 or 2026-11-29T09:30Z; given ${JSON.stringify(text)}.`,
  );
};

/** Parses a date, a time or a number of UTC milliseconds. @throws UsageError that names the flag and shows the form. */
export const parseMoment = (text: string, flag: string): number =>
  /^\d{10,15}$/.test(text) ? Number(text) : parseTime(text, flag);

/** Parses the flags of a period. @throws UsageError for an invalid time, or a period without any moment. */
export const parseRange = (from: string | undefined, to: string | undefined): TimeRange => {
  const range = {
    from: from === undefined ? undefined : parseTime(from, "--from"),
    to: to === undefined ? undefined : parseTime(to, "--to"),
  };
  if ((range.from ?? Number.NEGATIVE_INFINITY) < (range.to ?? Number.POSITIVE_INFINITY)) return range;
  throw new UsageError(
    `--from must be before --to; given ${from} and ${to}. --to is the first moment after the period.`,
  );
};

/** Parses a date to the period of its day in UTC. @throws UsageError for an invalid date. */
export const parseDate = (text: string): Required<TimeRange> => {
  if (!isDate(text)) throw new UsageError(`--date expects a date, such as 2026-11-29; given ${JSON.stringify(text)}.`);
  const from = Date.parse(text);
  return { from, to: from + DAY_MS };
};
