import { hopping } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { MAX_FEATURE_STATE, maxStateSize } from "../../schema/src/features/state-size.ts";
import { type AnyAggregate, aggregateTypes, kindOf } from "../src/aggregates/index.ts";
import type { EventContext } from "../src/event-context.ts";

/** The settings with the largest state. */
const aggregateOf = (type: string): AnyAggregate => {
  const settings = { k: 20, q: 0.5, half_life_ms: 1_234_567, per_ms: 1, combine: "sum" };
  if (type === "last_n") return { type, field: "x" as never, n: 20 };
  return { type, field: "x", ...settings } as unknown as AnyAggregate;
};

const contextOf = (index: number): EventContext =>
  ({
    time: 1_799_999_999_999 + index,
    tab_id: `${index}`.padEnd(64, "t"),
    seq: 999_999_999 - (index % 16),
    view_id: `view-${index % 40}`,
  }) as EventContext;

const TEXTS = Array.from({ length: 2_000 }, (_, index) => `${index}`.padEnd(200, "x"));
const NUMBERS = Array.from({ length: 2_000 }, (_, index) => -(1.234567890123e-5 * 1.02 ** index) - index / 3);
const LARGE = Array.from({ length: 2_000 }, (_, index) => 999_999_999_999_999 - index);

describe("maxStateSize", () => {
  it.each(aggregateTypes)("is not exceeded by a full state of %s, nor ten times too large", (type) => {
    const aggregate = aggregateOf(type);
    const kind = kindOf(aggregate);
    const sizes = [TEXTS, NUMBERS, LARGE].map((values) => {
      let partial = kind.emptyPartial();
      values.forEach((value, index) => {
        partial = kind.add(partial, value, contextOf(index));
      });
      return JSON.stringify(partial).length;
    });
    const bound = maxStateSize(aggregate, { type: "lifetime" });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(bound);
    expect(bound).toBeLessThan(Math.max(200, 10 * Math.max(...sizes)));
  });

  it("grows with the panes of a hopping window", () => {
    const aggregate = { type: "top_k", field: "target.path", k: 5 } as const;
    const one = maxStateSize(aggregate, hopping({ every_ms: 1_000, panes: 1 }));
    expect(maxStateSize(aggregate, hopping({ every_ms: 1_000, panes: 50 }))).toBe(50 * one);
    expect(50 * one).toBeLessThan(MAX_FEATURE_STATE);
  });
});
