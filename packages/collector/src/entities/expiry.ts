import type { DaysToLive } from "../config.ts";

const DAY_MS = 86_400_000;

/**
 * Whether an entity has expired at a time, in UTC milliseconds.
 *
 * @param eventTime Time of its latest event, in UTC milliseconds; `null` before the first one that counts.
 */
export const hasExpired = (daysToLive: DaysToLive, entity: string, eventTime: number | null, at: number): boolean => {
  const days = daysToLive[entity];
  return days !== undefined && eventTime !== null && at - eventTime > days * DAY_MS;
};
