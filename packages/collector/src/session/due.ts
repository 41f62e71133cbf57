import type { StoredSession } from "./row.ts";
import { nextWebhookAt } from "./webhooks.ts";

/**
 * A task of a session for a later time: to send its pushes again, to close because it is idle, or to delete itself. It
 * deletes itself when none of its events can arrive any more.
 */
export type Duty = "push" | "close" | "expire";

/** Duties and the times at which they are due, in UTC milliseconds, the earliest first. */
export type DueList = [duty: Duty, at: number][];

/** Sets the time at which a duty is due; `null` for never. Then ensure the alarm. */
export const setDue = (stored: Pick<StoredSession, "due">, duty: Duty, at: number | null): void => {
  const others = stored.due.filter(([other]) => other !== duty);
  stored.due = at === null ? others : [...others, [duty, at] satisfies DueList[0]].sort(([, a], [, b]) => a - b);
};

/** The time at which a duty is due, in UTC milliseconds; `null` for never. */
export const dueAt = ({ due }: Pick<StoredSession, "due">, duty: Duty): number | null =>
  due.find(([each]) => each === duty)?.[1] ?? null;

/**
 * The time at which the first duty is due, or a message for a webhook, in UTC milliseconds; `undefined` without one. Messages
 * are no duty: an earlier release does not know them, and would set its alarm again and again for one in the past.
 */
export const earliestDue = (stored: Pick<StoredSession, "due" | "webhooks">): number | undefined => {
  const times = [stored.due[0]?.[1], nextWebhookAt(stored)].filter((at) => at !== undefined);
  return times.length > 0 ? Math.min(...times) : undefined;
};
