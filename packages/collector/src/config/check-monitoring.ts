import { checkAlertReceivers } from "../alert-receiver.ts";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { checkWebhookUrl } from "../settings/setting-checks.ts";
import { expectFields, expectSecretName, matches } from "./expect.ts";
import type { AlertSettings, CanarySettings, OtlpSettings } from "./settings.ts";
import type { Site } from "./tidemark-config.ts";

const ALERT_FIELDS: Record<keyof AlertSettings, true> = { to: true, runbooks: true };

/**
 * Checks the alerts. Secrets of receivers are no keys of the collector, because the receivers get them. The errors quote no
 * address, which may be a secret.
 */
export const checkAlerts = (
  alerts: AlertSettings | undefined,
  taken: readonly (string | undefined)[],
  expect: ExpectSetting,
): void => {
  if (alerts === undefined) return;
  expectFields(alerts, "alerts", ALERT_FIELDS);
  const { to, runbooks } = alerts;
  checkAlertReceivers(to, expect);
  const shared = to.flatMap(({ secrets }) => secrets).find((secret) => taken.includes(secret));
  expect(shared === undefined, "alerts.to", "secrets that are no keys of the collector", shared);
  const isAddress = runbooks === undefined || matches(/^https?:\/\/\S+$/, runbooks);
  expect(isAddress, "alerts.runbooks", "the address of a page, such as https://wiki.example/runbooks", runbooks);
};

const CANARY_FIELDS: Record<keyof CanarySettings, true> = { site: true };

/** Number of the canary's sessions on a day. */
const CANARY_SESSIONS = 1_440;

/** Checks the canary. Its sessions count in the daily caps of its site. */
export const checkCanary = (
  canary: CanarySettings | undefined,
  sites: readonly Site[],
  expect: ExpectSetting,
): void => {
  if (canary === undefined) return;
  expectFields(canary, "canary", CANARY_FIELDS);
  const site = sites.find(({ id }) => id === canary.site);
  const ids = sites.map(({ id }) => id).join(", ");
  expect(site !== undefined, "canary.site", `the id of a site: ${ids}`, canary.site);
  const { sessions = Number.POSITIVE_INFINITY } = site?.dailyCaps ?? {};
  const expected = `a site with dailyCaps.sessions over ${CANARY_SESSIONS}, which the canary begins on a day`;
  expect(sessions > CANARY_SESSIONS, "canary.site", expected, sessions);
};

const OTLP_FIELDS: Record<keyof OtlpSettings, true> = { url: true, headersSecret: true, everySeconds: true };

/** Checks the receiver of metrics. The errors quote neither its address nor a secret. */
export const checkOtlp = (
  otlp: OtlpSettings | undefined,
  taken: readonly (string | undefined)[],
  expect: ExpectSetting,
): void => {
  if (otlp === undefined) return;
  expectFields(otlp, "otlp", OTLP_FIELDS);
  const { url, headersSecret, everySeconds = 60 } = otlp;
  checkWebhookUrl(url, "otlp.url", expect);
  if (headersSecret !== undefined) expectSecretName(headersSecret, "otlp.headersSecret");
  const isOwn = headersSecret === undefined || !taken.includes(headersSecret);
  expect(isOwn, "otlp.headersSecret", "a secret that is no key of the collector", headersSecret);
  const isTime = Number.isInteger(everySeconds) && everySeconds >= 10 && everySeconds <= 3_600;
  expect(isTime, "otlp.everySeconds", "a whole number of seconds, from 10 to 3600", everySeconds);
};
