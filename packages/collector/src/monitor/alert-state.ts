import type { Alert, Severity } from "./alert.ts";
import type { LabelledValue } from "./evaluate.ts";
import type { Notification } from "./notification.ts";

/** The latest message about an alert to a notifier. */
interface Notified {
  /** `sent` until the notifier has accepted it: it may have arrived. */
  state: "sent" | "accepted";
  /** UTC milliseconds. */
  at: number;
}

/** The state of an alert with one set of labels. The object stores it as JSON. */
export interface AlertState {
  /** Identifies the alert with its labels. */
  key: string;
  alert: string;
  severity: Severity;
  labels: Record<string, string>;
  summary: string;
  value: number | null;
  /** Time since which the condition holds, in UTC milliseconds; `null` if it does not. */
  holdsSince: number | null;
  /** Time since which it fires or, if it is resolved, fired; `null` if it is pending. */
  firesSince: number | null;
  /** Time at which it was resolved; `null` if it fires or is pending. */
  resolvedAt: number | null;
  /** The latest message that it fires, by the notifiers that have to know when it is resolved. */
  notified: Record<string, Notified>;
}

/** A decision that an alert is not notified for some time. Its state goes on. */
export interface Silence {
  id: string;
  /** Name of the alert. Default: all. */
  alert?: string;
  /** Labels that the alert must have, with these values. */
  labels: Record<string, string>;
  /** UTC milliseconds. */
  until: number;
  /** The reason, for other operators. */
  comment: string;
  /** UTC milliseconds. */
  created_at: number;
}

/** A notifier as the choice of its messages needs it. */
export interface Receiver {
  /** Name of the notifier, which no other has. */
  name: string;
  severities: readonly Severity[];
}

/** Time after which a message that an alert fires is sent again, in milliseconds, by severity. */
export const REPEAT_MS: Record<Severity, number> = {
  ...{ page: 14_400_000, ticket: 14_400_000 },
  // The receiver of an alert that always fires waits for it, and notices its silence.
  none: 300_000,
};

/** Writes the values of labels in a summary: `{site}`. */
const filledIn = (summary: string, labels: Record<string, string>): string =>
  summary.replace(/\{(\w+)\}/g, (_, label: string) => labels[label] ?? "(none)");

/** The key of an alert with its labels. */
export const alertKey = (alert: string, labels: Record<string, string>): string => {
  const pairs = Object.keys(labels)
    .sort()
    .map((label) => `${label}=${JSON.stringify(labels[label])}`);
  return pairs.length > 0 ? `${alert}{${pairs.join(",")}}` : alert;
};

/** Whether an alert fires. */
export const isFiring = ({ firesSince, resolvedAt }: AlertState): boolean => firesSince !== null && resolvedAt === null;

/** The result of the evaluation of an alert: the labels for which its condition holds. */
export interface Evaluated {
  alert: Alert;
  holds: readonly LabelledValue[];
}

/**
 * Computes the states after an evaluation.
 *
 * - A condition that begins to hold makes an alert pending. It fires when the condition has held for `forSeconds`.
 * - A condition that does not hold resolves an alert that fires, and ends one that is pending.
 * - A resolved alert remains until all notifiers know of it that may know that it fired.
 *
 * @param now UTC milliseconds.
 * @param mayEnd Whether an alert may be resolved. After an interruption the metrics of some time are not known, and a
 * condition over that time does not hold.
 */
export const nextStates = (
  states: readonly AlertState[],
  evaluated: readonly Evaluated[],
  now: number,
  mayEnd = true,
): AlertState[] => {
  const before = new Map(states.map((state) => [state.key, state]));
  const next: AlertState[] = [];
  for (const { alert, holds } of evaluated)
    for (const { labels, value } of holds) {
      const key = alertKey(alert.name, labels);
      const state = before.get(key);
      before.delete(key);
      // A clock that was set back would let an alert wait for the time again.
      const holdsSince = Math.min(state?.holdsSince ?? now, now);
      const fires = state !== undefined && isFiring(state);
      const begins = !fires && now - holdsSince >= alert.forSeconds * 1_000;
      next.push({
        ...{ key, alert: alert.name, severity: alert.severity, labels, value, holdsSince },
        summary: filledIn(alert.summary, labels),
        firesSince: begins ? now : (state?.firesSince ?? null),
        resolvedAt: begins ? null : (state?.resolvedAt ?? null),
        notified: state?.notified ?? {},
      });
    }
  for (const state of before.values()) {
    if (!mayEnd) next.push(state);
    else if (isFiring(state)) next.push({ ...state, holdsSince: null, resolvedAt: now });
    else next.push({ ...state, holdsSince: null });
  }
  return next.filter(isNeeded);
};

/** Whether a state says more than that the alert is inactive. */
const isNeeded = ({ holdsSince, resolvedAt, notified }: AlertState): boolean =>
  holdsSince !== null || (resolvedAt !== null && Object.keys(notified).length > 0);

/** Whether a silence suppresses the messages of an alert. */
export const isSilenced = (
  { alert, labels }: Pick<AlertState, "alert" | "labels">,
  silences: readonly Silence[],
  now: number,
): boolean =>
  silences.some(
    (silence) =>
      now < silence.until &&
      (silence.alert === undefined || silence.alert === alert) &&
      Object.entries(silence.labels).every(([label, value]) => labels[label] === value),
  );

const messageOf = (state: AlertState, runbooks: string | undefined): Notification => ({
  ...{ key: state.key, alert: state.alert, severity: state.severity },
  state: state.resolvedAt === null ? "firing" : "resolved",
  ...{ summary: state.summary, labels: state.labels, value: state.value },
  since: state.firesSince ?? 0,
  ...(state.resolvedAt !== null && { until: state.resolvedAt }),
  ...(runbooks !== undefined && { runbook: `${runbooks}#${state.alert.toLowerCase()}` }),
});

/**
 * The messages that a notifier has to get now:
 *
 * - that an alert fires, unless it is silenced: once, again until the notifier has accepted it, and again after the time
 *   in {@link REPEAT_MS};
 * - that it is resolved, if it may know that the alert fired: until the notifier has accepted it, also during a silence.
 *
 * @param runbooks Address of the runbooks, to which messages link. Default: none.
 */
export const messagesFor = (
  { name, severities }: Receiver,
  states: readonly AlertState[],
  silences: readonly Silence[],
  now: number,
  runbooks?: string,
): Notification[] =>
  states
    .filter((state) => {
      const notified = state.notified[name];
      if (state.resolvedAt !== null) return notified !== undefined;
      if (!isFiring(state) || !severities.includes(state.severity) || isSilenced(state, silences, now)) return false;
      // A time in the future is that of a clock that was set back.
      return notified?.state !== "accepted" || now - notified.at >= REPEAT_MS[state.severity] || notified.at > now;
    })
    .map((state) => messageOf(state, runbooks));

/** The states once messages are about to be sent to a notifier. They are stored before the call, which may arrive. */
export const afterSending = (
  states: readonly AlertState[],
  notifier: string,
  messages: readonly Notification[],
  now: number,
): AlertState[] => {
  const keys = new Set(messages.map(({ key }) => key));
  return states.map((state) =>
    keys.has(state.key) ? { ...state, notified: { ...state.notified, [notifier]: { state: "sent", at: now } } } : state,
  );
};

/** The states once a notifier has accepted messages. */
export const afterAcceptance = (
  states: readonly AlertState[],
  notifier: string,
  messages: readonly Notification[],
  now: number,
): AlertState[] => {
  const byKey = new Map(messages.map((message) => [message.key, message]));
  return states
    .map((state): AlertState => {
      const message = byKey.get(state.key);
      if (!message) return state;
      if (message.state === "firing")
        return { ...state, notified: { ...state.notified, [notifier]: { state: "accepted", at: now } } };
      // An alert that fires again meanwhile is a new one for the notifier.
      const { [notifier]: _, ...notified } = state.notified;
      return { ...state, notified };
    })
    .filter(isNeeded);
};

/** The states without notifiers that the configuration no longer has. */
export const withNotifiers = (states: readonly AlertState[], names: readonly string[]): AlertState[] =>
  states
    .map((state) => ({
      ...state,
      notified: Object.fromEntries(Object.entries(state.notified).filter(([name]) => names.includes(name))),
    }))
    .filter(isNeeded);
