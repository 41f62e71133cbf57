import { ByteWriter } from "./byte-writer.ts";
import { crc32c } from "./crc32c.ts";

/** A record of Kafka. */
export interface KafkaRecord {
  key: string;
  value: string;
  headers: readonly (readonly [name: string, value: string])[];
}

/** The fields by which a broker recognises a batch that it has stored already. */
export interface ProducerFields {
  /** Id that the broker gave to the producer. */
  producerId: bigint;
  producerEpoch: number;
  /** Sequence of the first record in its topic partition. */
  sequence: number;
}

/** Codecs of the records in a batch, with their bits in the batch's attributes. */
const CODECS = { none: 0, gzip: 1 };

/** Name of a codec. */
export type Compression = keyof typeof CODECS;

/** The format of batches since Kafka 0.11. */
const MAGIC = 2;

const gzip = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
  new Uint8Array(
    await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );

/** The records, each after its length. All have the timestamp of the batch. */
const encodeRecords = (records: readonly KafkaRecord[]): Uint8Array<ArrayBuffer> => {
  const all = new ByteWriter(records.length * 1024);
  const one = new ByteWriter(1024);
  for (const [index, { key, value, headers }] of records.entries()) {
    one.clear();
    const [attributes, timestampDelta] = [0, 0];
    one.int8(attributes).varint(timestampDelta).varint(index).varText(key).varText(value).varint(headers.length);
    for (const [name, text] of headers) one.varText(name).varText(text);
    all.varint(one.length).raw(one.written);
  }
  return all.written;
};

/**
 * Encodes a record batch of version 2.
 *
 * @param records At least one.
 * @param timestamp Timestamp of all records, in UTC milliseconds.
 */
export const encodeRecordBatch = async (
  records: readonly KafkaRecord[],
  timestamp: number,
  { producerId, producerEpoch, sequence }: ProducerFields,
  compression: Compression,
): Promise<Uint8Array> => {
  const plain = encodeRecords(records);
  const encoded = compression === "gzip" ? await gzip(plain) : plain;
  const time = BigInt(timestamp);
  // The part that the checksum covers.
  const covered = new ByteWriter(encoded.length + 64)
    .int16(CODECS[compression])
    .int32(records.length - 1)
    .int64(time)
    .int64(time)
    .int64(producerId)
    .int16(producerEpoch)
    .int32(sequence)
    .int32(records.length)
    .raw(encoded).written;
  // The broker replaces the offset and the epoch of its leader.
  const [baseOffset, leaderEpoch] = [0n, -1];
  return new ByteWriter(covered.length + 32)
    .int64(baseOffset)
    .int32(4 + 1 + 4 + covered.length)
    .int32(leaderEpoch)
    .int8(MAGIC)
    .int32(crc32c(covered))
    .raw(covered).written;
};
