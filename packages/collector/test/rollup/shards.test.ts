import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { childShards, initialDepth, MAX_DEPTH, shardOf } from "../../src/rollup/shards.ts";

const hash = fc.maxSafeNat();
const depth = fc.nat(MAX_DEPTH);

/** Depths by shard after splits. Each pick selects an existing shard, and has no effect at the largest depth. */
const afterSplits = (splits: readonly number[]): Map<number, number> => {
  const depths = new Map([[0, 0]]);
  for (const pick of splits) {
    const shard = [...depths.keys()][pick % depths.size] as number;
    const before = depths.get(shard) as number;
    if (before >= MAX_DEPTH) continue;
    depths.set(shard, before + 1);
    depths.set(shard + 2 ** before, before + 1);
  }
  return depths;
};

const splits = fc.array(fc.nat(63), { maxLength: 80 }).map(afterSplits);

const covers = (shard: number, depth: number, hash: number) => hash % 2 ** depth === shard;

describe("a hash", () => {
  it("belongs to one of the 2 ** depth shards of a depth: the one with its lowest bits", () => {
    fc.assert(
      fc.property(hash, depth, (value, deep) => {
        const shards = Array.from({ length: 2 ** deep }, (_, shard) => shard);
        expect(shards.filter((shard) => covers(shard, deep, value))).toEqual([shardOf(value, deep)]);
      }),
    );
  });

  it("belongs to exactly one shard after any splits", () => {
    fc.assert(
      fc.property(splits, hash, (depths, value) => {
        const [covering, ...others] = [...depths].filter(([shard, deep]) => covers(shard, deep, value));
        expect(others).toEqual([]);
        expect(covering?.[0]).toBe(shardOf(value, covering?.[1] ?? -1));
      }),
    );
  });

  it("stays with its shard in a split, or moves to the new shard", () => {
    fc.assert(
      fc.property(hash, fc.nat(MAX_DEPTH - 1), (value, deep) => {
        const shard = shardOf(value, deep);
        expect([shard, ...childShards(shard, deep + 1).slice(-1)]).toContain(shardOf(value, deep + 1));
      }),
    );
  });
});

describe("firstDepth", () => {
  it("is the depth of the split that created a shard", () => {
    expect([0, 1, 2, 3, 4, 7, 8, 63].map(initialDepth)).toEqual([0, 1, 2, 2, 3, 3, 4, 6]);
  });
});

describe("childShards", () => {
  it("is empty for a shard that was not split", () => {
    for (let shard = 0; shard < 2 ** MAX_DEPTH; shard += 1) expect(childShards(shard, initialDepth(shard))).toEqual([]);
  });

  it("reaches every shard from shard 0 once", () => {
    fc.assert(
      fc.property(splits, (depths) => {
        const reached: number[] = [];
        const visit = (shard: number) => {
          reached.push(shard);
          childShards(shard, depths.get(shard) as number).forEach(visit);
        };
        visit(0);
        const ascending = (a: number, b: number) => a - b;
        expect(reached.sort(ascending)).toEqual([...depths.keys()].sort(ascending));
      }),
    );
  });
});
