import { type AlertReceiver, RECEIVER_FIELDS, type ReceiverSettings } from "../../alert-receiver.ts";
import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkAddress, checkKnown, checkSecretName } from "../../settings/setting-checks.ts";
import type { Severity } from "../alert.ts";
import type { Notification, Notifier } from "../notification.ts";
import { post, refusal, sendCalls, usableSecret } from "./calls.ts";
import { checkBySeverity } from "./check-by-severity.ts";
import { keyWithin, labelsOf, lineOf } from "./texts.ts";

/** Severities of PagerDuty. */
const SEVERITIES = ["critical", "error", "warning", "info"] as const;

/** An integration of a service in PagerDuty, of the type Events API v2. */
export interface PagerDutySettings extends ReceiverSettings {
  /** Name of the secret (environment variable) that contains the integration key: 32 letters and digits. */
  routingKeySecret: string;
  /**
   * Address for events. That of the service region EU is `https://events.eu.pagerduty.com/v2/enqueue`. Default:
   * `https://events.pagerduty.com/v2/enqueue`.
   */
  url?: string;
  /** Severities in PagerDuty by severity of the alert. Default: `{ page: "critical", ticket: "warning", none: "info" }`. */
  severity?: Readonly<Partial<Record<Severity, (typeof SEVERITIES)[number]>>>;
  /** The component of each event. Default: `collector`. */
  component?: string;
}

const KNOWN: Record<keyof PagerDutySettings, true> = {
  ...{ routingKeySecret: true, url: true, severity: true, component: true },
  ...RECEIVER_FIELDS,
};

const URL_OF_US = "https://events.pagerduty.com/v2/enqueue";

const DEFAULT_SEVERITY: Required<PagerDutySettings>["severity"] = { page: "critical", ticket: "warning", none: "info" };

/** Longest texts of an event, in characters. */
const MAX = { summary: 1_024, dedupKey: 255, group: 200 };

const check = (settings: PagerDutySettings, expect: ExpectSetting): void => {
  const { routingKeySecret, url = URL_OF_US, severity, component = "collector" } = settings;
  checkKnown(settings, KNOWN, expect);
  checkSecretName(routingKeySecret, "routingKeySecret", "PAGERDUTY_ROUTING_KEY", expect);
  checkAddress(url, "url", expect);
  checkBySeverity(severity, "severity", SEVERITIES, expect);
  const isComponent = typeof component === "string" && /^[!-~][ -~]{0,99}$/.test(component);
  expect(isComponent, "component", "a text of at most 100 characters of ASCII", component);
};

/** The event of a message, without the key of the integration. */
const eventOf = async (
  { key, alert, severity, state, summary, labels, value, since, runbook }: Notification,
  { severity: given, component = "collector" }: PagerDutySettings,
): Promise<object> => {
  const dedup_key = await keyWithin(key, MAX.dedupKey);
  if (state === "resolved") return { event_action: "resolve", dedup_key };
  const site = lineOf(labels.site ?? "", MAX.group);
  return {
    ...{ event_action: "trigger", dedup_key, client: "Tidemark" },
    payload: {
      ...{ summary: lineOf(`${alert}: ${summary}`, MAX.summary), source: site || "tidemark" },
      severity: given?.[severity] ?? DEFAULT_SEVERITY[severity],
      ...{ timestamp: new Date(since).toISOString(), component, group: site || "tidemark", class: alert },
      custom_details: { ...labelsOf(labels), value, ...(runbook !== undefined && { runbook }) },
    },
    ...(runbook !== undefined && { links: [{ href: runbook, text: `Runbook of ${alert}` }] }),
  };
};

const createPagerDuty = (settings: PagerDutySettings, env: object): Notifier => ({
  async notify(messages) {
    const { routingKeySecret, url = URL_OF_US } = settings;
    const key = usableSecret(env, routingKeySecret);
    if (typeof key !== "string") return refusal(key.fault);
    const calls = messages.map((message) => ({
      keys: [message.key],
      send: async (signal: AbortSignal) => {
        const body = { routing_key: key, ...(await eventOf(message, settings)) };
        return post(url, { body, secrets: [key] }, signal);
      },
    }));
    return sendCalls(calls);
  },
});

/**
 * PagerDuty as a receiver of alerts. An alert with one set of labels is one incident, which it opens and resolves.
 *
 * https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
export const pagerDuty = (settings: PagerDutySettings): AlertReceiver => {
  const { name = "pagerduty", severities = ["page", "ticket"], routingKeySecret } = settings;
  return {
    ...{ type: "pagerduty", name, severities, secrets: [routingKeySecret] },
    check: (expect) => check(settings, expect),
    create: async (env) => createPagerDuty(settings, env),
  };
};
