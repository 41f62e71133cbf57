import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameOf, sizeOfRecords } from "../../src/records/frames.ts";
import { addUnsent, confirmUnsent, newUnsent, unsentLength, unsentUpTo } from "../../src/session/unsent.ts";

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 3_000 }), isNext: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ confirm: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
);

describe("unsent records", () => {
  it("are those of all pushes that are not confirmed, in order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let unsent = newUnsent();
        let expected: { push: number; bytes: number[] }[] = [];
        let push = 1;
        for (const each of steps) {
          if (each === "restart") {
            unsent = structuredClone(unsent);
          } else if ("bytes" in each) {
            if (each.isNext) push += 1;
            const frame = frameOf({ push, count: 2, characters: 10 }, each.bytes);
            addUnsent(unsent, frame);
            expected.push({ push, bytes: [...frame] });
          } else {
            const confirmed = push - each.confirm;
            confirmUnsent(unsent, confirmed);
            expected = expected.filter((each) => each.push > confirmed);
          }
          for (const n of [push - 1, push]) {
            const due = expected.filter((each) => each.push <= n);
            const records = unsentUpTo(unsent, n);
            expect([...(records ?? [])]).toEqual(due.flatMap(({ bytes }) => bytes));
            expect(sizeOfRecords(records ?? new Uint8Array()).count).toBe(2 * due.length);
          }
          expect(unsentLength(unsent)).toBe(expected.reduce((total, { bytes }) => total + bytes.length, 0));
          expect(unsent.bytes.length % 4_092).toBe(0);
        }
      }),
    );
  });

  it("keep their place in the column while they fit", () => {
    const unsent = newUnsent();
    const [first, second] = [
      frameOf({ push: 1, count: 1, characters: 10 }, new Uint8Array(1_000)),
      frameOf({ push: 2, count: 1, characters: 10 }, new Uint8Array(1_000)),
    ];
    addUnsent(unsent, first);
    const before = unsent.bytes;
    addUnsent(unsent, second);
    confirmUnsent(unsent, 1);
    expect(unsent.bytes).toBe(before);
    expect([unsent.start, unsent.end]).toEqual([first.length, first.length + second.length]);
  });

  it("do not share memory with what is sent", () => {
    const unsent = newUnsent();
    const frame = frameOf({ push: 1, count: 1, characters: 10 }, new Uint8Array([7]));
    addUnsent(unsent, frame);
    const sent = unsentUpTo(unsent, 1);
    confirmUnsent(unsent, 1);
    addUnsent(unsent, frameOf({ push: 2, count: 1, characters: 10 }, new Uint8Array([8])));
    expect(sent).toEqual(frame);
  });
});
