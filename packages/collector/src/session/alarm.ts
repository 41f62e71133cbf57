import type { Stored } from "./row.ts";

/**
 * Ensures that the session's alarm rings at a time or before it. An alarm that does already is left alone: setting one costs as much as
 * writing a row.
 */
export const ensureAlarmBy = (storage: DurableObjectStorage, stored: Stored, time: number): void => {
  const { alarm_at } = stored;
  if (alarm_at !== null && alarm_at > Date.now() && alarm_at <= time) return;
  stored.alarm_at = time;
  storage.setAlarm(time);
};
