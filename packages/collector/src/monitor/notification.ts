import type { Severity } from "./alert.ts";

/** A message about an alert with one set of labels: it fires, or it has been resolved. */
export interface Notification {
  /** Identifies the alert with its labels: `dedup_key` of PagerDuty, `alias` of Opsgenie. The same in all its messages. */
  key: string;
  /** Name of the alert. */
  alert: string;
  severity: Severity;
  state: "firing" | "resolved";
  /** The summary of the alert, with the values of its labels. */
  summary: string;
  labels: Record<string, string>;
  /** The value that met the condition; `null` for none. */
  value: number | null;
  /** Time since which the alert fires, in UTC milliseconds. */
  since: number;
  /** Time at which it was resolved, in UTC milliseconds. */
  until?: number;
  /** Address of the alert's runbook. Absent unless the configuration has that of the runbooks. */
  runbook?: string;
}

/** Result of a call of a notifier. */
export interface NotifyOutcome {
  /** Whether the receiver has accepted all messages. Those of a failed call are sent again. */
  accepted: boolean;
  /** One sentence for the operator: the response, or the problem. It contains no secret. */
  detail: string;
  /** Of a call that was not accepted: the keys of the messages that the receiver has nevertheless. Default: none. */
  notified?: readonly string[];
  /** Of a call that was not accepted: time until the next call, in milliseconds. Default: longer with each failure. */
  afterMs?: number;
}

/** Sends notifications to people. */
export interface Notifier {
  /** Sends all messages of a round. It may reject, which counts as not accepted. */
  notify(messages: readonly Notification[]): Promise<NotifyOutcome>;
}
