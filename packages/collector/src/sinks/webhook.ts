import type { SinkTarget } from "../config.ts";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { checkKnown, checkSigningSecrets, isWebhookUrl } from "../settings/setting-checks.ts";
import { sendWebhook } from "../webhooks/send.ts";
import { jsonBody } from "./json-body.ts";
import type { Sink, SinkOutcome } from "./sink.ts";

/** A server that receives records in signed requests. */
export interface WebhookSinkSettings {
  /** Its address. `https:`, except on this machine. */
  url: string;
  /**
   * Names of the secrets (environment variables) that sign the requests: 1 to 4, the newest first. Each contains `whsec_` and
   * the base64 of 24 to 64 random bytes.
   */
  secrets: readonly string[];
}

/** Largest request. */
const LIMITS = { records: 500, bytes: 1_000_000 };

const KNOWN: Record<keyof WebhookSinkSettings, true> = { url: true, secrets: true };

/** Checks the settings of a webhook sink. The errors quote no value: the address of many receivers is a secret. */
const checkWebhookSink = (settings: WebhookSinkSettings, expect: ExpectSetting): void => {
  const { url, secrets } = settings;
  checkKnown(settings, KNOWN, expect);
  const address = "an address that begins with https://, without a user name or a password";
  expect(isWebhookUrl(url), "url", address, "another value");
  checkSigningSecrets(secrets, "secrets", "ORDERS_WEBHOOK_SECRET", expect);
};

/**
 * The sink of a webhook. A request has the pending records of a cut as a JSON array, and the cut's id as `webhook-id`, by which
 * a receiver recognises a repetition. Its status decides about all of them.
 */
const createWebhookSink = ({ url, secrets }: WebhookSinkSettings): Sink => ({
  limits: LIMITS,
  async attempt({ id, records, pending }, _, { env }) {
    const sent = pending.flatMap((index) => records[index] ?? []);
    const body = `[${sent.map(jsonBody).join(",")}]`;
    const outcome = await sendWebhook({ url, secrets }, env, { id, body }, Date.now());
    const each: SinkOutcome =
      outcome.type === "retry" && outcome.afterMs === 0 ? { type: "retry", reason: outcome.reason } : outcome;
    return { outcomes: sent.map(() => each) };
  },
});

/** A webhook as the target of a sink. */
export const webhookSink = (settings: WebhookSinkSettings): SinkTarget => ({
  type: "webhook",
  secrets: Array.isArray(settings.secrets) ? settings.secrets : [],
  check: (expect) => checkWebhookSink(settings, expect),
  create: async () => createWebhookSink(settings),
});
