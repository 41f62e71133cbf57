import type { Notification } from "../notification.ts";

/** Messages about one alert. */
export interface Group {
  /** Name of the alert. */
  alert: string;
  /** Those that fire first. */
  messages: readonly Notification[];
}

/**
 * Groups messages by alert, in their order.
 *
 * @param most Largest number of messages in a group. An alert with more has several groups.
 */
export const groupedByAlert = (messages: readonly Notification[], most: number): Group[] => {
  const byAlert = new Map<string, Notification[]>();
  for (const message of messages) byAlert.set(message.alert, [...(byAlert.get(message.alert) ?? []), message]);
  return [...byAlert].flatMap(([alert, all]) => {
    const sorted = [
      ...all.filter(({ state }) => state === "firing"),
      ...all.filter(({ state }) => state === "resolved"),
    ];
    return Array.from({ length: Math.ceil(sorted.length / most) }, (_, index) => ({
      alert,
      messages: sorted.slice(index * most, (index + 1) * most),
    }));
  });
};
