import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allPartitions,
  initialDepth,
  knownDepth,
  learnDepth,
  MAX_DEPTH,
  partitionFor,
} from "../../src/partition/binding.ts";

const hash = fc.maxSafeNat();

describe("partitionFor", () => {
  it("is the partition with the lowest bits of the hash", () => {
    fc.assert(
      fc.property(hash, fc.nat(MAX_DEPTH), (value, depth) => {
        const partitions = Array.from({ length: 2 ** depth }, (_, partition) => partition);
        expect(partitions.filter((each) => value % 2 ** depth === each)).toEqual([partitionFor(value, depth)]);
      }),
    );
  });

  it("stays in a split, or is the new partition", () => {
    fc.assert(
      fc.property(hash, fc.nat(MAX_DEPTH - 1), (value, depth) => {
        const before = partitionFor(value, depth);
        expect([before, before + 2 ** depth]).toContain(partitionFor(value, depth + 1));
      }),
    );
  });
});

describe("allPartitions", () => {
  const listed = (depths: number[]) => allPartitions(async (partition) => depths[partition] ?? 0);

  it("is the first partition of a site without a split", async () => {
    expect(await listed([0])).toEqual([0]);
  });

  it("are all that a session with the largest depth may be bound to, also where another one was not split", async () => {
    expect(await listed([2, 1])).toEqual([0, 1, 2, 3]);
  });

  it("are found through partitions that are found on the way", async () => {
    expect(await listed([1, 2, 2, 3])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

it("initialDepth is the depth of the split that created a partition", () => {
  expect([0, 1, 2, 3, 4, 7, 8, 63].map(initialDepth)).toEqual([0, 1, 2, 2, 3, 3, 4, 6]);
});

it("knownDepth is the largest depth that was learned of the site", () => {
  expect(knownDepth("a")).toBe(0);
  for (const depth of [2, 3, 1]) learnDepth("a", depth);
  expect([knownDepth("a"), knownDepth("b")]).toEqual([3, 0]);
});
