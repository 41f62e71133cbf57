import { jsonOf, type TargetResponse } from "../../target-response.ts";
import { type AwsCredentials, credentialsOf } from "../aws/credentials.ts";
import { sendSigned } from "../aws/signed-request.ts";
import { jsonBody } from "../json-body.ts";
import { retry } from "../retry.ts";
import type { Sink, SinkContext, SinkOutcome, SinkRecord } from "../sink.ts";
import type { KinesisSettings } from "./settings.ts";

/** Limits of a request: number of records, and bytes of their data and keys. */
const REQUEST = { records: 500, bytes: 5_242_880 };

/** Largest record that every stream accepts, in bytes of its data and key. A larger one is sent alone. */
const RECORD_BYTES = 1_048_576;

/** Largest cut. With the ids that records get it mostly fits into one request. */
const LIMITS = { records: REQUEST.records, bytes: 5_000_000 };

/** Errors of a request whose record the stream does not accept. */
const RECORD_ERRORS: readonly (string | undefined)[] = ["ValidationException", "InvalidArgumentException"];

/** Number of characters of an error's message that a reason quotes. */
const QUOTED = 200;

/** A record as the service receives it. */
interface Entry {
  Data: string;
  PartitionKey: string;
}

/** Entries that are sent at once. */
interface EntryGroup {
  entries: Entry[];
  /** Whether the only entry is larger than every stream accepts. */
  isLarge: boolean;
}

/** Groups records into requests, in their order. */
const groupsOf = (records: readonly SinkRecord[]): EntryGroup[] => {
  const groups: EntryGroup[] = [];
  let group: EntryGroup | undefined;
  let bytes = 0;
  for (const record of records) {
    const data = Buffer.from(jsonBody(record));
    const entry: Entry = { Data: data.toString("base64"), PartitionKey: record.key };
    const size = data.length + Buffer.byteLength(record.key);
    const isLarge = size > RECORD_BYTES;
    bytes += size;
    if (!group || isLarge || group.isLarge || group.entries.length === REQUEST.records || bytes > REQUEST.bytes) {
      group = { entries: [], isLarge };
      groups.push(group);
      bytes = size;
    }
    group.entries.push(entry);
  }
  return groups;
};

/** The type and message of an error, in a response of the service. */
const errorOf = ({ text }: TargetResponse): { type?: string; message?: unknown } => {
  const { __type, message, Message } = (jsonOf(text) ?? {}) as Record<string, unknown>;
  const type = typeof __type === "string" ? __type.slice(__type.lastIndexOf("#") + 1) : undefined;
  return { ...(type === undefined ? {} : { type }), message: message ?? Message };
};

/** The outcomes of a request with an error. */
const failureOf = (response: TargetResponse, isLarge: boolean): SinkOutcome => {
  const { type, message } = errorOf(response);
  const details = [type, typeof message === "string" ? message.slice(0, QUOTED) : undefined].filter(Boolean);
  const reason = [`Kinesis responded with status ${response.status}`, ...details].join(": ");
  const isRefused = isLarge && (response.status === 413 || (response.status === 400 && RECORD_ERRORS.includes(type)));
  return isRefused ? { type: "refused", reason } : retry(reason, response.afterMs);
};

/** The result of a record: its place in the stream, or an error. */
const outcomeOf = (result: unknown): SinkOutcome => {
  const { SequenceNumber, ErrorCode, ErrorMessage } = (result ?? {}) as Record<string, unknown>;
  if (typeof ErrorCode === "string") return retry(`${ErrorCode}: ${String(ErrorMessage).slice(0, QUOTED)}`);
  if (typeof SequenceNumber === "string") return { type: "delivered" };
  return retry("Kinesis responded without a result for the record");
};

/**
 * The sink of a data stream of Kinesis. Each record has its own outcome, and its session as partition key, so that a shard has
 * all records of a session.
 */
export const createKinesisSink = (settings: KinesisSettings): Sink => {
  const { stream, streamArn, region } = settings;
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const url = new URL(settings.endpoint ?? `https://kinesis.${region}.${domain}/`).href;
  const target = streamArn === undefined ? { StreamName: stream } : { StreamARN: streamArn };
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.PutRecords" };

  /** Sends records at once. Returns their outcomes, or that of all. */
  const put = async (
    { entries, isLarge }: EntryGroup,
    credentials: AwsCredentials,
    { signal }: SinkContext,
  ): Promise<SinkOutcome[] | SinkOutcome> => {
    const body = JSON.stringify({ ...target, Records: entries });
    const service = { service: "kinesis", region } as const;
    const response = await sendSigned({ method: "POST", url, headers, body }, service, credentials, signal);
    if ("failure" in response) return retry(response.failure);
    if (response.status !== 200) return failureOf(response, isLarge);
    const { Records: results } = (jsonOf(response.text) ?? {}) as { Records?: unknown };
    if (!Array.isArray(results) || results.length !== entries.length)
      return retry("Kinesis responded without a result for each record");
    return results.map(outcomeOf);
  };

  return {
    limits: LIMITS,
    async attempt({ records, pending }, _, context) {
      const credentials = credentialsOf(settings, context.env);
      if (typeof credentials === "string") return { outcomes: pending.map(() => retry(credentials)) };
      const outcomes: SinkOutcome[] = [];
      let failure: SinkOutcome | undefined;
      for (const group of groupsOf(pending.flatMap((index) => records[index] ?? []))) {
        // After a failure of the whole service, later records are not sent before earlier ones.
        const result = failure ?? (await put(group, credentials, context));
        if (!Array.isArray(result) && result.type === "retry") failure = result;
        outcomes.push(...(Array.isArray(result) ? result : group.entries.map(() => result)));
      }
      return { outcomes };
    },
  };
};
