import type { SinkTarget } from "../config.ts";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { checkKnown, checkSigningSecrets, checkWebhookUrl } from "../settings/setting-checks.ts";
import { sendWebhook, type WebhookOutcome } from "../webhooks/send.ts";
import { jsonBody } from "./json-body.ts";
import { refusesRecords, withCause } from "./refusing-status.ts";
import { retry } from "./retry.ts";
import { sendBySplitting, textOfIndexes } from "./send-by-splitting.ts";
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
  checkWebhookUrl(url, "url", expect);
  checkSigningSecrets(secrets, "secrets", "ORDERS_WEBHOOK_SECRET", expect);
};

/** The outcome of the records of a request. A receiver that knows neither address nor signature refuses no record. */
const outcomeOf = (outcome: WebhookOutcome): SinkOutcome => {
  if (outcome.type === "delivered") return outcome;
  const { reason } = outcome;
  if (outcome.type === "retry") return retry(reason, outcome.afterMs || undefined);
  return refusesRecords(outcome.status) ? { type: "refused", reason } : retry(withCause(reason, outcome.status));
};

/**
 * The sink of a webhook. A request has the pending records of a cut as a JSON array, and as `webhook-id` the cut's id, by which a
 * receiver recognises a repetition. After a refusal the request is split until the records are found that are refused alone.
 */
const createWebhookSink = ({ url, secrets }: WebhookSinkSettings): Sink => ({
  limits: LIMITS,
  async attempt({ id, records, pending }, _, { env, signal }) {
    const outcomes = await sendBySplitting(pending, async (part) => {
      if (signal.aborted) return retry("the receiver did not respond in time to all parts of a request", 0);
      const sent = part.flatMap((index) => records[index] ?? []);
      const body = `[${sent.map(jsonBody).join(",")}]`;
      // A part of the cut is another message.
      const partId = part.length === records.length ? id : `${id}:${textOfIndexes(part)}`;
      return outcomeOf(await sendWebhook({ url, secrets }, env, { id: partId, body }, Date.now()));
    });
    return { outcomes };
  },
});

/** A webhook as the target of a sink. */
export const webhookSink = (settings: WebhookSinkSettings): SinkTarget => ({
  type: "webhook",
  secrets: Array.isArray(settings.secrets) ? settings.secrets : [],
  check: (expect) => checkWebhookSink(settings, expect),
  create: async () => createWebhookSink(settings),
});
