import { createEngine } from "@tidemark/engine";
import { describe, expect, it } from "vitest";
import type { Reaction } from "../../src/define-reaction.ts";
import { type CompiledReaction, compileReactions } from "../../src/reactions/compile-reactions.ts";
import { causeOf, isFulfilled, type ReactionInput } from "../../src/reactions/evaluate.ts";

const input: ReactionInput = {
  features: { click_count: 3, dwell_ms: null, is_bounce: false, entry_path: "/", "prediction.purchase": 0.8 },
  predictions: { purchase: { value: 0.8, version: 2 }, churn: { value: 0.1, version: 1 } },
  definition_version: "0123456789ab",
  event_time: 1_000,
};

const compiled = (when: Reaction["when"]): CompiledReaction => {
  const base = { name: "r", entity: "session", once: true, expiresMs: 1_000, to: ["page"], holdout: 0.2 } as const;
  return compileReactions([{ ...base, when }], createEngine([]), [])[0] as CompiledReaction;
};

const feature = (name: string) => ({ feature: name });

describe("a condition", () => {
  it.each<[Reaction["when"], boolean]>([
    [{ op: "gte", left: feature("click_count"), right: 3 }, true],
    [{ op: "gt", left: feature("click_count"), right: 3 }, false],
    [{ op: "gte", left: feature("dwell_ms"), right: 0 }, false],
    [{ op: "not", of: { op: "gte", left: feature("dwell_ms"), right: 0 } }, false],
    [{ op: "not", of: feature("is_bounce") }, true],
    [feature("is_bounce"), false],
    [feature("entry_path"), false],
    [feature("absent"), false],
    [{ op: "gte", left: feature("prediction.purchase"), right: 0.5 }, true],
    [{ op: "gte", left: feature("prediction.absent"), right: 0 }, false],
  ])("%j fires only if it is true", (when, isTrue) => {
    expect(isFulfilled(compiled(when), input)).toBe(isTrue);
  });
});

describe("the cause of a firing", () => {
  it("has what the condition reads, once, and nothing else", () => {
    const clicks = { op: "gte", left: feature("click_count"), right: 3 } as const;
    const rest = {
      op: "or",
      left: { op: "lt", left: feature("dwell_ms"), right: feature("click_count") },
      right: { op: "gte", left: feature("prediction.purchase"), right: feature("prediction.absent") },
    } as const;
    const rule: Reaction["when"] = { op: "and", left: clicks, right: rest };
    expect(causeOf(compiled(rule), input, 5_000)).toEqual({
      ...{ holdout: 0.2, to: ["page"], rule },
      features: { click_count: 3, dwell_ms: null },
      predictions: { purchase: { value: 0.8, version: 2 } },
      ...{ definition_version: "0123456789ab", event_time: 1_000, expires_at: 5_000 },
    });
  });
});
