import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { LogRecord } from "@tidemark/schema/log";
import type { SinkRecord } from "../sinks/sink.ts";

/** A record with its stable id and its key. */
export const sinkRecordOf = (record: LogRecord): SinkRecord => {
  const { site, partition, offset } = record;
  if (record.kind === "event") {
    const { session_id, tab_id, seq } = record.event;
    return { id: `${session_id}/${tab_id}/${seq}`, key: session_id, record };
  }
  return { id: `${site}/${partition}/${offset}`, key: record.session_id ?? site, record };
};

/** Packs the JSON of records. */
export const packTexts = (texts: readonly string[]): Uint8Array => deflateRawSync(`[${texts.join(",")}]`, { level: 1 });

/** Unpacks records. They are the same at each call. */
export const unpackTexts = (packed: Uint8Array): SinkRecord[] =>
  (JSON.parse(inflateRawSync(packed).toString()) as LogRecord[]).map(sinkRecordOf);
