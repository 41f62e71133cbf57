import { MAX_SEQ } from "@tidemark/schema/limits";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seqOf, sortBySeq } from "../../src/session/sequence.ts";

describe("seqOf", () => {
  it.each([0, 1, 17, MAX_SEQ])("reads the number %d", (seq) => {
    expect(seqOf({ seq, type: "nothing known" })).toBe(seq);
  });

  it.each([
    [{}],
    [{ seq: -1 }],
    [{ seq: MAX_SEQ + 1 }],
    [{ seq: 1.5 }],
    [{ seq: "1" }],
    [{ seq: null }],
    [{ seq: Number.NaN }],
    [null],
    [undefined],
    ["seq"],
    [7],
    [[1]],
  ])("reads no number from %o", (candidate) => {
    expect(seqOf(candidate)).toBeUndefined();
  });
});

describe("bySeq", () => {
  const seqs = fc.array(fc.nat(50), { maxLength: 20 });

  it("sorts positions by sequence number, and keeps the order of equal ones", () => {
    fc.assert(
      fc.property(seqs, fc.infiniteStream(fc.boolean()), (all, picks) => {
        const events = all.map((seq) => ({ seq }));
        const positions = all.map((_, index) => index).filter(() => picks.next().value);
        const before = [...positions];
        const ordered = sortBySeq(events, positions);
        const seqAt = (position: number) => all[position] as number;
        expect(ordered).toEqual([...before].sort((one, other) => seqAt(one) - seqAt(other) || one - other));
        expect(positions).toEqual(before);
      }),
    );
  });
});
