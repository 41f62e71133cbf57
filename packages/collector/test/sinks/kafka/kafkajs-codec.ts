import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The reader of bytes in kafkajs. Its package has no types for it. */
export interface Decoder {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readString(): string | null;
  readBytes(): Buffer | null;
  readArray<T>(read: (decoder: Decoder) => T): T[];
  readAll(): Buffer;
}

/** The writer of bytes in kafkajs. */
export interface Encoder {
  buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: string): Encoder;
  writeString(value: string | null): Encoder;
  writeBytes(value: Buffer): Encoder;
  writeEncoder(value: Encoder): Encoder;
}

/** A batch as kafkajs decodes it. */
export interface DecodedBatch {
  producerId: string;
  producerEpoch: number;
  firstSequence: number;
  lastOffsetDelta: number;
  firstTimestamp: string;
  maxTimestamp: string;
  records: { key: Buffer; value: Buffer; headers: Record<string, Buffer>; offset: string; timestamp: string }[];
}

const load = <T>(path: string): T => require(`kafkajs/src/${path}.js`) as T;

export const Decoder = load<new (bytes: Buffer) => Decoder>("protocol/decoder");
export const Encoder = load<new () => Encoder>("protocol/encoder");
const decodeRecordBatch = load<(decoder: Decoder) => Promise<DecodedBatch>>("protocol/recordBatch/v0/decoder");
const crc32C = load<(bytes: Buffer) => number>("protocol/recordBatch/crc32C/index");
const Long = load<{ fromValue(value: string | number): unknown }>("utils/long");
const encodeRecord = load<(record: object) => Encoder>("protocol/recordBatch/record/v0/index");
const { RecordBatch } = load<{ RecordBatch(batch: object): Promise<Encoder> }>("protocol/recordBatch/v0/index");

/** Hash of a key as kafkajs computes it for its default partitioner. */
export const murmur2 = load<(key: Buffer) => number>("producer/partitioners/default/murmur2");

/** Encodes a batch without compression. */
export const encodeBatch = async (
  records: readonly { key: string; value: string; headers: Record<string, string> }[],
  timestamp: number,
  producer: { producerId: bigint; producerEpoch: number; sequence: number },
): Promise<Buffer> => {
  const encoded = records.map(({ key, value, headers }, offsetDelta) =>
    encodeRecord({ offsetDelta, timestampDelta: 0, key, value, headers }),
  );
  const batch = await RecordBatch({
    firstTimestamp: Long.fromValue(timestamp),
    maxTimestamp: Long.fromValue(timestamp),
    partitionLeaderEpoch: -1,
    lastOffsetDelta: records.length - 1,
    producerId: Long.fromValue(String(producer.producerId)),
    producerEpoch: producer.producerEpoch,
    firstSequence: producer.sequence,
    records: encoded,
  });
  return batch.buffer;
};

/** Decodes a batch, after a check of its length, format and checksum, which kafkajs does not check. */
export const decodeBatch = (bytes: Uint8Array): Promise<DecodedBatch> => {
  const buffer = Buffer.from(bytes);
  if (buffer.readInt32BE(8) !== buffer.length - 12) throw new Error("the length of the batch is wrong");
  if (buffer.readInt8(16) !== 2) throw new Error("the format of the batch is not 2");
  if (buffer.readUInt32BE(17) !== crc32C(buffer.subarray(21))) throw new Error("the checksum of the batch is wrong");
  return decodeRecordBatch(new Decoder(buffer));
};
