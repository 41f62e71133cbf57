import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../../../src/sinks/kafka/crc32c.ts";
import { encodeRecordBatch, type KafkaRecord } from "../../../src/sinks/kafka/record-batch.ts";
import { decodeBatch, encodeBatch } from "./kafkajs-codec.ts";

const producers = fc.record({
  producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  producerEpoch: fc.integer({ min: 0, max: 32_767 }),
  sequence: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});
const texts = fc.oneof(fc.string({ unit: "grapheme", maxLength: 200 }), fc.constant("é".repeat(5_000)));
const records = fc.array(
  fc.record({
    key: texts,
    value: texts,
    headers: fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), texts), { selector: ([name]) => name, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 200 },
);
const times = fc.integer({ min: 0, max: 8_640_000_000_000 });
// kafkajs keeps headers in an object, in which these names have another meaning or place.
const isPlain = (each: readonly KafkaRecord[]) =>
  each.every(({ headers }) => headers.every(([name]) => !(name in {}) && !/^\d+$/.test(name)));

describe("a record batch", () => {
  it("has the bytes of the batch that kafkajs encodes", () =>
    fc.assert(
      fc.asyncProperty(records.filter(isPlain), times, producers, async (each, time, producer) => {
        const theirs = each.map(({ headers, ...record }) => ({ ...record, headers: Object.fromEntries(headers) }));
        const ours = await encodeRecordBatch(each, time, producer, "none");
        expect(Buffer.from(ours).equals(await encodeBatch(theirs, time, producer))).toBe(true);
      }),
    ));

  it.each(["none", "gzip"] as const)("is decoded to its records by kafkajs: %s", (compression) =>
    fc.assert(
      fc.asyncProperty(records.filter(isPlain), times, producers, async (each, time, producer) => {
        const batch = await decodeBatch(await encodeRecordBatch(each, time, producer, compression));
        expect(batch).toMatchObject({
          producerId: String(producer.producerId),
          producerEpoch: producer.producerEpoch,
          firstSequence: producer.sequence,
          lastOffsetDelta: each.length - 1,
          maxTimestamp: String(time),
        });
        const decoded = batch.records.map(({ key, value, headers, timestamp }) => ({
          key: key.toString(),
          value: value.toString(),
          headers: Object.entries(headers).map(([name, text]) => [name, text.toString()]),
          timestamp,
        }));
        expect(decoded).toEqual(each.map((record) => ({ ...record, timestamp: String(time) })));
      }),
    ),
  );

  it("is the same at each encoding", async () => {
    const each = [{ key: "k", value: "v".repeat(1_000), headers: [["ce_id", "1"]] as const }];
    const producer = { producerId: 1n, producerEpoch: 0, sequence: 0 };
    const encode = async () => Buffer.from(await encodeRecordBatch(each, 1_000, producer, "gzip")).toString("hex");
    expect(await encode()).toBe(await encode());
  });
});

describe("CRC-32C", () => {
  it.each([
    ["123456789", 0xe3069283],
    ["", 0],
    ["\0".repeat(32), 0x8a9136aa],
  ])("of %j has the published value", (text, expected) => expect(crc32c(Buffer.from(text))).toBe(expected));
});
