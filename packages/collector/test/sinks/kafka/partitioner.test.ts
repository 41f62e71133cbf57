import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topicPartitionOf } from "../../../src/sinks/kafka/partitioner.ts";
import { murmur2 } from "./kafkajs-codec.ts";

describe("the topic partition of a key", () => {
  // Hashes in the tests of Kafka's own clients.
  it.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("is that of Kafka's clients: %s", (key, hash) => {
    for (const partitions of [1, 3, 1_000, 2 ** 31 - 1])
      expect(topicPartitionOf(key, partitions)).toBe((hash & 0x7fffffff) % partitions);
  });

  it("is that of kafkajs for any key", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 10_000 }), (key, partitions) => {
        expect(topicPartitionOf(key, partitions)).toBe((murmur2(Buffer.from(key)) & 0x7fffffff) % partitions);
      }),
    ));
});
