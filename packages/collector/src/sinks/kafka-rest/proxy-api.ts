import type { KafkaRecord } from "../kafka/record-batch.ts";
import { retry } from "../retry.ts";
import type { SinkOutcome } from "../sink.ts";

/** Number of characters of an error that a reason quotes. */
const QUOTED = 200;

/** The outcome of a request: that of each record, in order, or that the request has more than Kafka accepts at once. */
export type ProxyOutcome = SinkOutcome[] | { tooLarge: string };

/** The interface of a proxy. */
export interface ProxyApi {
  /** Path of the requests, after the proxy's address. */
  path: string;
  headers: Record<string, string>;
  /** The body of a request. @param at UTC milliseconds of the cut. */
  body(records: readonly KafkaRecord[], at: number): string;
  /** The outcomes in a response; `undefined` for a response without results. */
  outcomes(text: string, count: number): ProxyOutcome | undefined;
}

/** The bytes of a text in base64. Proxies write them to Kafka unchanged. */
export const base64Of = (text: string): string => Buffer.from(text).toString("base64");

/** Whether an error states that a record is larger than the topic accepts. Proxies have no code of their own for it. */
const isSizeError = (message: unknown): boolean => /larger than|too large/i.test(String(message));

/** The outcome of a record with an error. */
export const errorOutcome = (code: unknown, message: unknown): SinkOutcome => {
  const reason = `the proxy responded with error ${code}: ${String(message).slice(0, QUOTED)}`;
  return isSizeError(message) ? { type: "refused", reason } : retry(reason);
};

/** The outcome of a record without a result. */
export const NO_RESULT: SinkOutcome = retry("the proxy responded without a result for the record");
