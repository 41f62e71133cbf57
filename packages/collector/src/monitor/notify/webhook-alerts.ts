import { type AlertReceiver, RECEIVER_FIELDS, type ReceiverSettings } from "../../alert-receiver.ts";
import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkKnown, checkSigningSecrets, checkWebhookUrl } from "../../settings/setting-checks.ts";
import { bodyOf } from "../../webhooks/message.ts";
import { keysOf, sendWebhook } from "../../webhooks/send.ts";
import type { Notifier } from "../notification.ts";
import { type CallOutcome, refusal, sendCalls } from "./calls.ts";
import { type Group, groupedByAlert } from "./grouped.ts";
import { idOf } from "./texts.ts";

/** A server that receives alerts in signed messages. */
export interface WebhookAlertsSettings extends ReceiverSettings {
  /** Its address. `https:`, except on this machine. */
  url: string;
  /**
   * Names of the secrets (environment variables) that sign the messages: 1 to 4, the newest first. Each contains `whsec_` and the
   * base64 of 24 to 64 random bytes.
   */
  secrets: readonly string[];
}

const KNOWN: Record<keyof WebhookAlertsSettings, true> = { url: true, secrets: true, ...RECEIVER_FIELDS };

/** Largest number of alerts in a message. */
const MAX_GROUP = 100;

/**
 * Time in which an equal message has the same id, in milliseconds. It is the shortest one after which an alert is repeated: a
 * repetition for a failure has the id of the first attempt, and a reminder has another one.
 */
const SAME_ID_MS = 300_000;

const check = (settings: WebhookAlertsSettings, expect: ExpectSetting): void => {
  const { url, secrets } = settings;
  checkKnown(settings, KNOWN, expect);
  checkWebhookUrl(url, "url", expect);
  checkSigningSecrets(secrets, "secrets", "ALERTS_WEBHOOK_SECRET", expect);
};

const iso = (ms: number): string => new Date(ms).toISOString();

const dataOf = ({ alert, messages }: Group): object => ({
  // Absent fields are not part of JSON.
  ...{ alert, severity: messages[0]?.severity, runbook: messages[0]?.runbook },
  alerts: messages.map(({ key, state, summary, labels, value, since, until }) => ({
    ...{ key, state, summary, labels, value, since: iso(since) },
    ...(until !== undefined && { until: iso(until) }),
  })),
});

const createWebhookAlerts = ({ url, secrets }: WebhookAlertsSettings, env: object): Notifier => ({
  async notify(messages) {
    const keys = keysOf(env, secrets);
    if (typeof keys === "string") return refusal(keys);
    const send = async (group: Group, signal: AbortSignal): Promise<CallOutcome> => {
      const now = Date.now();
      const states = group.messages.map(({ key, state, since, until }) => [key, state, since, until]);
      const id = await idOf(JSON.stringify([Math.floor(now / SAME_ID_MS), states]));
      const body = bodyOf({ id, type: "alert.changed", time: now, data: dataOf(group) });
      const outcome = await sendWebhook({ url, secrets }, env, { id, body }, now, signal);
      if (outcome.type === "delivered") return { type: "accepted" };
      if (outcome.type === "refused") return { type: "refused", reason: outcome.reason, all: false };
      return { type: "later", reason: outcome.reason, ...(outcome.afterMs > 0 && { afterMs: outcome.afterMs }) };
    };
    const calls = groupedByAlert(messages, MAX_GROUP).map((group) => ({
      keys: group.messages.map(({ key }) => key),
      send: (signal: AbortSignal) => send(group, signal),
    }));
    return sendCalls(calls);
  },
});

/** A server of your own as a receiver of alerts: a signed message for each alert. */
export const webhookAlerts = (settings: WebhookAlertsSettings): AlertReceiver => {
  const { name = "webhook", severities = ["page", "ticket"], secrets } = settings;
  return {
    ...{ type: "webhook", name, severities, secrets: Array.isArray(secrets) ? secrets : [] },
    check: (expect) => check(settings, expect),
    create: async (env) => createWebhookAlerts(settings, env),
  };
};
