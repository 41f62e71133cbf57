import type { SinkDefinition } from "../define-sink.ts";
import { checkSigningSecrets, checkWebhookUrl } from "../settings/setting-checks.ts";
import { expectFields, expectIn } from "./expect.ts";
import { secretNamesOf } from "./secret-names.ts";
import type { WebhookSettings } from "./settings.ts";
import type { TidemarkConfig } from "./tidemark-config.ts";

const WEBHOOK_FIELDS: Record<keyof WebhookSettings, true> = { url: true, secrets: true };

/** Checks a webhook. The errors quote neither its address nor its secrets: the address of many receivers is a secret. */
export const checkWebhook = (webhook: WebhookSettings | undefined, place: string): void => {
  if (webhook === undefined) return;
  expectFields(webhook, `${place}webhook`, WEBHOOK_FIELDS);
  const expect = expectIn(place);
  checkWebhookUrl(webhook.url, "webhook.url", expect);
  checkSigningSecrets(webhook.secrets, "webhook.secrets", "WEBHOOK_SECRET", expect);
};

const webhooksIn = ({ webhook, sites }: TidemarkConfig): WebhookSettings[] =>
  [webhook, ...sites.map((site) => site.webhook)].filter((each) => each !== undefined && each !== false);

export const sinksIn = ({ sinks, sites }: TidemarkConfig): SinkDefinition[] =>
  [sinks, ...sites.map((site) => site.sinks)].flatMap((each) => each ?? []);

/**
 * Checks that the secrets of webhooks have no other use, because receivers know them, and that no two receivers have one
 * secret.
 */
export const checkWebhookSecrets = (config: TidemarkConfig): void => {
  const { sites, adminKeySecret, iceberg } = config;
  const users = new Map<string, string>();
  for (const secret of [adminKeySecret, iceberg?.tokenSecret, ...sites.flatMap(secretNamesOf)])
    if (secret !== undefined) users.set(secret, "");
  for (const { url, secrets } of webhooksIn(config))
    for (const secret of secrets) {
      const isFree = (users.get(secret) ?? url) === url;
      expectIn("")(isFree, "webhook.secrets", "names of secrets that have no other use", secret);
      users.set(secret, url);
    }
};

/** The names of the secrets of all webhooks, also of those that are sinks or receivers of alerts. */
export const webhookSecretNamesOf = (config: TidemarkConfig): string[] => [
  ...new Set([
    ...webhooksIn(config).flatMap(({ secrets }) => secrets),
    ...[...sinksIn(config).map(({ to }) => to), ...(config.alerts?.to ?? [])].flatMap(({ type, secrets }) =>
      type === "webhook" ? secrets : [],
    ),
  ]),
];
