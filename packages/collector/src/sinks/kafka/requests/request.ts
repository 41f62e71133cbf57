import type { ByteReader } from "../byte-reader.ts";
import type { ByteWriter } from "../byte-writer.ts";

/** A request of Kafka's protocol in one version, and the form of its response. */
export interface KafkaRequest<Response> {
  /** Name in Kafka's documentation. */
  name: string;
  apiKey: number;
  apiVersion: number;
  /** Time for the response, in milliseconds. */
  timeoutMs: number;
  /** Writes the body. */
  write(writer: ByteWriter): unknown;
  /** Reads the body of the response. */
  read(reader: ByteReader): Response;
}

/** Time for a response that a broker gives from its memory, in milliseconds. */
export const RESPONSE_MS = 5_000;
