import { type AlertReceiver, RECEIVER_FIELDS, type ReceiverSettings } from "../../alert-receiver.ts";
import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkAddress, checkKnown, checkSecretName } from "../../settings/setting-checks.ts";
import type { Severity } from "../alert.ts";
import type { Notification, Notifier } from "../notification.ts";
import { post, refusal, sendCalls, usableSecret } from "./calls.ts";
import { checkBySeverity } from "./check-by-severity.ts";
import { keyWithin, labelsOf, lineOf, timeOf } from "./texts.ts";

/** Priorities of Opsgenie. */
const PRIORITIES = ["P1", "P2", "P3", "P4", "P5"] as const;

/** An integration of a team in Opsgenie, of the type API. */
export interface OpsgenieSettings extends ReceiverSettings {
  /** Name of the secret (environment variable) that contains the key of the integration. */
  apiKeySecret: string;
  /** Address of the API. That of the region EU is `https://api.eu.opsgenie.com`. Default: `https://api.opsgenie.com`. */
  url?: string;
  /** Priorities by severity of the alert. Default: `{ page: "P1", ticket: "P3", none: "P5" }`. */
  priority?: Readonly<Partial<Record<Severity, (typeof PRIORITIES)[number]>>>;
  /** Name of the team that responds. Default: the team of the integration. */
  team?: string;
}

const KNOWN: Record<keyof OpsgenieSettings, true> = {
  ...{ apiKeySecret: true, url: true, priority: true, team: true },
  ...RECEIVER_FIELDS,
};

const URL_OF_US = "https://api.opsgenie.com";

const DEFAULT_PRIORITY: Required<OpsgenieSettings>["priority"] = { page: "P1", ticket: "P3", none: "P5" };

/** Longest texts of an alert, in characters. An alias has 512, and more in the address of a request. */
const MAX = { message: 130, alias: 255, description: 15_000, tag: 50, entity: 512 };

const check = (settings: OpsgenieSettings, expect: ExpectSetting): void => {
  const { apiKeySecret, url = URL_OF_US, priority, team } = settings;
  checkKnown(settings, KNOWN, expect);
  checkSecretName(apiKeySecret, "apiKeySecret", "OPSGENIE_API_KEY", expect);
  checkAddress(url, "url", expect);
  checkBySeverity(priority, "priority", PRIORITIES, expect);
  const isTeam = team === undefined || (typeof team === "string" && /^\S.{0,99}$/u.test(team));
  expect(isTeam, "team", "the name of a team, of at most 100 characters", team);
};

/** The alert of a message that fires. */
const alertOf = (
  { alert, severity, summary, labels, value, since, runbook }: Notification,
  alias: string,
  { priority, team }: OpsgenieSettings,
): object => {
  const link = runbook === undefined ? "" : `\nRunbook: ${runbook}`;
  const description = `${lineOf(summary, 2_000)}\nSince ${timeOf(since)}.${link}`;
  return {
    ...{ message: lineOf(`${alert}: ${summary}`, MAX.message), alias },
    description: description.slice(0, MAX.description),
    ...(team !== undefined && { responders: [{ name: team, type: "team" }] }),
    ...{ tags: ["tidemark", lineOf(alert, MAX.tag)], source: "Tidemark" },
    // Its values are texts.
    details: {
      ...labelsOf(labels),
      ...{ ...(value !== null && { value: `${value}` }), ...(runbook !== undefined && { runbook }) },
    },
    entity: lineOf(labels.site ?? "", MAX.entity) || "tidemark",
    priority: priority?.[severity] ?? DEFAULT_PRIORITY[severity],
  };
};

const createOpsgenie = (settings: OpsgenieSettings, env: object): Notifier => ({
  async notify(messages) {
    const { apiKeySecret, url = URL_OF_US } = settings;
    const key = usableSecret(env, apiKeySecret);
    if (typeof key !== "string") return refusal(key.fault);
    const headers = { authorization: `GenieKey ${key}` };
    const alerts = `${url.replace(/\/+$/, "")}/v2/alerts`;
    const calls = messages.map((message) => ({
      keys: [message.key],
      send: async (signal: AbortSignal) => {
        const alias = await keyWithin(message.key, MAX.alias);
        if (message.state === "firing")
          return post(alerts, { headers, body: alertOf(message, alias, settings), secrets: [key] }, signal);
        const address = `${alerts}/${encodeURIComponent(alias)}/close?identifierType=alias`;
        const note = message.until === undefined ? "Resolved." : `Resolved at ${timeOf(message.until)}.`;
        return post(address, { headers, body: { source: "Tidemark", note }, secrets: [key] }, signal);
      },
    }));
    return sendCalls(calls);
  },
});

/**
 * Opsgenie as a receiver of alerts. An alert with one set of labels is one alert there, which it creates and closes.
 *
 * https://docs.opsgenie.com/docs/alert-api
 */
export const opsgenie = (settings: OpsgenieSettings): AlertReceiver => {
  const { name = "opsgenie", severities = ["page", "ticket"], apiKeySecret } = settings;
  return {
    ...{ type: "opsgenie", name, severities, secrets: [apiKeySecret] },
    check: (expect) => check(settings, expect),
    create: async (env) => createOpsgenie(settings, env),
  };
};
