import { UsageError } from "../command-line/command-error.ts";

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a duration such as `7d`, `12h`, `30m`, `90s` or `500ms`, to milliseconds. @throws UsageError that names the flag. */
export const parseDuration = (text: string | undefined, flag: string): number => {
  const [, number, unit = ""] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text ?? "") ?? [];
  if (number !== undefined && Number(number) > 0) return Number(number) * (UNITS[unit] as number);
  throw new UsageError(`${flag} expects a duration, such as 7d, 12h, 30m or 90s; given ${JSON.stringify(text)}.`);
};
