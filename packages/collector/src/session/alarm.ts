import type { StoredSession } from "./row.ts";

/**
 * Ensures that the session's alarm fires at `time` or earlier. An alarm that already does is not set again, because
 * setting one costs as much as writing a row.
 */
export const ensureAlarmBy = (storage: DurableObjectStorage, stored: StoredSession, time: number): void => {
  const { alarm_at } = stored;
  if (alarm_at !== null && alarm_at > Date.now() && alarm_at <= time) return;
  stored.alarm_at = time;
  storage.setAlarm(time);
};
