import type { Stored } from "./row.ts";

/** Sees to it that the session's alarm rings at this time or before: it is set when there is none, and else left alone, because setting it costs as much as a row. */
export const ensureAlarmBy = (storage: DurableObjectStorage, stored: Stored, time: number): void => {
  const { alarm_at } = stored;
  if (alarm_at !== null && alarm_at > Date.now() && alarm_at <= time) return;
  stored.alarm_at = time;
  storage.setAlarm(time);
};
