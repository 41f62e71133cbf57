import { type AlertReceiver, RECEIVER_FIELDS, type ReceiverSettings } from "../../alert-receiver.ts";
import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkKnown, checkSecretName, isWebhookUrl } from "../../settings/setting-checks.ts";
import type { Notification, Notifier } from "../notification.ts";
import { post, refusal, sendCalls, usableSecret } from "./calls.ts";
import { type Group, groupedByAlert } from "./grouped.ts";
import { lineOf, timeOf } from "./texts.ts";

/** An incoming webhook of Slack, or of a program that accepts its messages, such as Mattermost. */
export interface SlackSettings extends ReceiverSettings {
  /**
   * Name of the secret (environment variable) that contains the address of the webhook. It is a secret: whoever has it can write
   * to the channel.
   */
  urlSecret: string;
}

const KNOWN: Record<keyof SlackSettings, true> = { urlSecret: true, ...RECEIVER_FIELDS };

/** Largest number of alerts that a message lists one by one. It counts the others. */
const MAX_LINES = 20;

/** Longest line about an alert, in characters before escapes: at most 5 times as many after them. */
const MAX_LINE = 300;

/** Largest number of alerts in a message. */
const MAX_GROUP = 500;

/** Colours of messages by their worst part. */
const COLOURS = { page: "danger", ticket: "warning", none: "#888888", resolved: "good" } as const;

const check = (settings: SlackSettings, expect: ExpectSetting): void => {
  checkKnown(settings, KNOWN, expect);
  checkSecretName(settings.urlSecret, "urlSecret", "SLACK_WEBHOOK_URL", expect);
};

/** A text without the control characters of Slack's format. With them a value could mention everybody in a channel. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const lineAbout = ({ state, summary, since, until }: Notification): string => {
  const isFiring = state === "firing";
  const time = isFiring ? `since ${timeOf(since)}` : `at ${timeOf(until ?? since)}`;
  return escaped(`${isFiring ? "Firing" : "Resolved"}: ${lineOf(summary, MAX_LINE)} (${time})`);
};

/** The message about an alert. Only its title is a link, and no part is formatted: a value could contain a format. */
const bodyOf = ({ alert, messages }: Group): object => {
  const firing = messages.filter(({ state }) => state === "firing").length;
  const resolved = messages.length - firing;
  const counts = [firing > 0 ? `${firing} firing` : "", resolved > 0 ? `${resolved} resolved` : ""].filter(Boolean);
  const title = escaped(lineOf(alert, 200));
  const lines = messages.slice(0, MAX_LINES).map(lineAbout);
  if (messages.length > MAX_LINES) lines.push(`and ${messages.length - MAX_LINES} more`);
  const [{ severity = "none", runbook } = {}] = messages;
  return {
    ...{ text: `${title}: ${counts.join(", ")}`, mrkdwn: false },
    attachments: [
      {
        ...{ color: COLOURS[firing > 0 ? severity : "resolved"], title, text: lines.join("\n") },
        ...(runbook !== undefined && { title_link: runbook }),
        ...{ fallback: `${title}: ${counts.join(", ")}`, mrkdwn_in: [] },
      },
    ],
  };
};

const createSlack = ({ urlSecret }: SlackSettings, env: object): Notifier => ({
  async notify(messages) {
    const url = usableSecret(env, urlSecret);
    if (typeof url !== "string") return refusal(url.fault);
    if (!isWebhookUrl(url)) return refusal(`the secret ${urlSecret} is not an address that begins with https://`);
    const { pathname } = new URL(url);
    const calls = groupedByAlert(messages, MAX_GROUP).map((group) => ({
      keys: group.messages.map(({ key }) => key),
      send: (signal: AbortSignal) => post(url, { body: bodyOf(group), secrets: [url, pathname] }, signal),
    }));
    return sendCalls(calls);
  },
});

/**
 * Slack as a receiver of alerts: a message for each alert, which lists what fires and what is resolved.
 *
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
 */
export const slack = (settings: SlackSettings): AlertReceiver => {
  const { name = "slack", severities = ["page", "ticket"], urlSecret } = settings;
  return {
    ...{ type: "slack", name, severities, secrets: [urlSecret] },
    check: (expect) => check(settings, expect),
    create: async (env) => createSlack(settings, env),
  };
};
