import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sendBySplitting, textOfIndexes } from "../../src/sinks/send-by-splitting.ts";
import type { SinkOutcome } from "../../src/sinks/sink.ts";

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A target that refuses a request with one of some records, and stores any other. */
const targetOf = (refused: ReadonlySet<number>) => {
  const stored: number[] = [];
  let requests = 0;
  const send = async (indexes: readonly number[]): Promise<SinkOutcome> => {
    requests += 1;
    if (indexes.some((index) => refused.has(index))) return { type: "refused", reason: "a value" };
    stored.push(...indexes);
    return { type: "delivered" };
  };
  return { stored, send, requests: () => requests };
};

describe("a request that is split", () => {
  it("finds each refused record in attempts of at most 64 requests, and stores the others once and in order", async () => {
    const cuts = fc.record({
      count: fc.integer({ min: 1, max: 300 }),
      refused: fc.uniqueArray(fc.nat(299), { maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(cuts, async ({ count, refused }) => {
        const expected = new Set(refused.filter((index) => index < count));
        const { stored, send, requests } = targetOf(expected);
        const found: number[] = [];
        let pending = range(count);
        for (let attempts = 1; pending.length > 0; attempts++) {
          const outcomes = await sendBySplitting(pending, send);
          expect(requests()).toBeLessThanOrEqual(attempts * 64);
          found.push(...pending.filter((_, place) => outcomes[place]?.type === "refused"));
          const rest = pending.filter((_, place) => outcomes[place]?.type === "retry");
          expect(rest.length).toBeLessThan(pending.length);
          for (const outcome of outcomes) if (outcome.type === "retry") expect(outcome.afterMs).toBe(0);
          pending = rest;
        }
        expect(new Set(found)).toEqual(expected);
        expect(stored).toEqual(range(count).filter((index) => !expected.has(index)));
      }),
    );
  });

  it("ends at the first failure, which is that of all records without an outcome", async () => {
    const requests: (readonly number[])[] = [];
    const failure: SinkOutcome = { type: "retry", reason: "away", afterMs: 5 };
    const outcomes = await sendBySplitting(range(8), async (indexes) => {
      requests.push(indexes);
      if (indexes.length > 2) return { type: "refused", reason: "a value" };
      return indexes.includes(0) ? { type: "delivered" } : failure;
    });
    expect(outcomes).toEqual([...range(2).map(() => ({ type: "delivered" })), ...range(6).map(() => failure)]);
    expect(requests.slice(1)).toEqual([
      [0, 1, 2, 3],
      [0, 1],
      [2, 3],
    ]);
  });

  it("has a text for its records", () => {
    expect(textOfIndexes([0, 1, 2, 4, 6, 7])).toBe("0-2,4,6-7");
    expect(textOfIndexes([3])).toBe("3");
  });
});
