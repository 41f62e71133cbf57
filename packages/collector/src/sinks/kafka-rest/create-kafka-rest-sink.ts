import { secretOf } from "../../access/keys.ts";
import { jsonOf, responseOf, type TargetResponse } from "../../target-response.ts";
import { kafkaRecordOf } from "../kafka/kafka-record.ts";
import type { KafkaRecord } from "../kafka/record-batch.ts";
import { withCause } from "../refusing-status.ts";
import { retry } from "../retry.ts";
import type { Cut, Sink, SinkContext, SinkOutcome } from "../sink.ts";
import type { ProxyApi, ProxyOutcome } from "./proxy-api.ts";
import { type KafkaRestSettings, kafkaRestSecrets } from "./settings.ts";
import { confluentVersion2, redpandaProxy } from "./version-2.ts";
import { confluentVersion3 } from "./version-3.ts";

/** Largest cut. Its records fit into one request of a producer with the size by default, 1 MB. */
const LIMITS = { records: 500, bytes: 700_000 };

/** Number of characters of an error that a reason quotes. */
const QUOTED = 200;

const apiOf = ({ api, topic, cluster = "" }: KafkaRestSettings): ProxyApi => {
  if (api === "confluent_v3") return confluentVersion3(cluster, topic);
  return api === "redpanda" ? redpandaProxy(topic) : confluentVersion2(topic);
};

/** The header of authentication, or the reason for which a secret is missing. */
const authorizationOf = (settings: KafkaRestSettings, env: object): Record<string, string> | string => {
  const { username, passwordSecret = "", tokenSecret } = settings;
  const missing = kafkaRestSecrets(settings).find((name) => secretOf(env, name) === undefined);
  if (missing !== undefined) return `the secret ${missing} is not set`;
  if (tokenSecret !== undefined) return { authorization: `Bearer ${secretOf(env, tokenSecret)}` };
  if (username === undefined) return {};
  const credentials = Buffer.from(`${username}:${secretOf(env, passwordSecret)}`).toString("base64");
  return { authorization: `Basic ${credentials}` };
};

/** The reason in a response without results. */
const reasonOf = ({ status, text }: TargetResponse): string => {
  const { error_code: code, message } = (jsonOf(text) ?? {}) as Record<string, unknown>;
  const details = typeof message === "string" ? [`error ${code}`, message.slice(0, QUOTED)] : [];
  return [`the proxy responded with status ${status}`, ...details].join(": ");
};

/**
 * The sink of a topic of Kafka behind a proxy that speaks HTTP. A proxy has a producer of its own, so the broker cannot
 * recognise what the sink repeats.
 */
export const createKafkaRestSink = (settings: KafkaRestSettings): Sink => {
  const api = apiOf(settings);
  const url = settings.url.replace(/\/+$/, "") + api.path;

  const send = async (
    records: readonly KafkaRecord[],
    { at }: Cut,
    headers: Record<string, string>,
    { signal }: SinkContext,
  ): Promise<ProxyOutcome> => {
    const body = api.body(records, at);
    const request = {
      method: "POST",
      headers: { ...api.headers, ...headers },
      body,
      redirect: "manual",
      signal,
    } as const;
    const response = await responseOf(() => fetch(url, request), signal);
    if ("failure" in response) return records.map(() => retry(response.failure));
    // Some proxies respond with the status of one record's error.
    const outcomes = response.status === 413 ? undefined : api.outcomes(response.text, records.length);
    if (outcomes && (response.status < 300 || response.status === 401 || response.status === 403)) return outcomes;
    const reason = withCause(reasonOf(response), response.status);
    if (response.status === 413) return { tooLarge: reason };
    return records.map(() => retry(reason, response.afterMs));
  };

  return {
    limits: LIMITS,
    async attempt(cut, _, context) {
      const { records, pending } = cut;
      const headers = authorizationOf(settings, context.env);
      if (typeof headers === "string") return { outcomes: pending.map(() => retry(headers)) };
      const parts = [
        pending.flatMap((index) => records[index] ?? []).map((record) => kafkaRecordOf(record, settings.key)),
      ];
      const outcomes: SinkOutcome[] = [];
      let failure: SinkOutcome | undefined;
      for (let part = parts.shift(); part; part = parts.shift()) {
        // After a failure, later records are not sent before earlier ones.
        const result = failure ? part.map(() => failure as SinkOutcome) : await send(part, cut, headers, context);
        if (Array.isArray(result)) {
          outcomes.push(...result);
          failure ??= result.find(({ type }) => type === "retry");
        } else if (part.length === 1) outcomes.push({ type: "refused", reason: result.tooLarge });
        else {
          const middle = Math.ceil(part.length / 2);
          parts.unshift(part.slice(0, middle), part.slice(middle));
        }
      }
      return { outcomes };
    },
  };
};
