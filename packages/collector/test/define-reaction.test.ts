import { describe, expect, it } from "vitest";
import { defineReaction, type Reaction } from "../src/define-reaction.ts";

const when = { op: "gte", left: { feature: "click_count" }, right: 3 } as const;
const reaction = (more: object = {}): Reaction =>
  ({
    ...{ name: "hesitation", entity: "session", when, once: true, expiresMs: 60_000, to: ["page"], holdout: 0.1 },
    ...more,
  }) as Reaction;

const nested = (levels: number): unknown => (levels === 0 ? 1 : { op: "not", of: nested(levels - 1) });
const circular: Record<string, unknown> = {};
circular.itself = circular;

describe("defineReaction", () => {
  it("returns each kind of reaction unchanged", () => {
    for (const each of [
      reaction(),
      reaction({ once: undefined, cooldownMs: 1_000, expiresMs: 86_400_000, holdout: 0 }),
      reaction({ to: ["page", "webhook"], payload: { text: "Hello.", list: [1, null, true, { deep: "x" }] } }),
      reaction({ when: { feature: "is_bounce" } }),
      reaction({ when: { op: "and", left: when, right: { op: "not", of: { feature: "is_bounce" } } } }),
      reaction({ when: { if: { feature: "is_bounce" }, then: when, else: { feature: "prediction.purchase" } } }),
      reaction({ payload: { text: "x".repeat(2_037) } }),
    ])
      expect(defineReaction(each)).toBe(each);
  });

  const times = "expected whole milliseconds from 1000 to 86400000";
  it.each<[object, string | RegExp]>([
    [
      { name: "Hesitation" },
      /^reaction Hesitation: name: expected a name in snake_case of at most 64 characters; given "Hesitation"$/,
    ],
    [{ name: "a".repeat(65) }, "name: expected a name in snake_case of at most 64 characters"],
    [{ name: undefined }, "reaction undefined: name: expected a name in snake_case"],
    [{ name: "constructor" }, "name: expected no name of a property that all objects of JavaScript have"],
    [
      { entity: "user" },
      /^reaction hesitation: entity: expected session, because a reaction is evaluated in the turn of its session, which has the session's features; given "user"$/,
    ],
    [{ when: undefined }, "when: expected a number, { feature }, { op, left, right }"],
    [{ when: 1 }, "when: expected a condition, such as a comparison, which can be true; given 1"],
    [{ when: { op: "add", left: 1, right: 2 } }, "when: expected a condition"],
    [{ when: { if: when, then: 1, else: { op: "min", left: 1, right: 2 } } }, "when: expected a condition"],
    [{ when: { op: "gte", left: { feature: 1 }, right: 2 } }, "when.left: expected a number, { feature }"],
    [
      { when: { op: "eq", left: { feature: "current_path" }, right: "/pricing" } },
      'and no text: a feature with `where` compares a field with a text; given "/pricing"',
    ],
    [{ when: { op: "gte", left: when, right: Number.NaN } }, "when.right: expected a number"],
    [
      { when: { op: "like", left: 1, right: 2 } },
      'when: expected a number, { feature }, { op, left, right }, { op: "not", of }',
    ],
    [{ when: { ...when, more: 1 } }, "when: expected a number"],
    [{ when: nested(200) }, "when: expected at most 100 levels of operators"],
    [
      { when: { op: "not", of: { feature: "f".repeat(4_100) } } },
      "when: expected at most 4096 bytes of JSON; given 4132",
    ],
    [{ when: { op: "not", of: circular } }, "when.of: expected a number"],
    [{ once: false }, "once: expected true, or cooldownMs in its place; given false"],
    [{ once: undefined }, "once: expected exactly one of once: true, for once a session, and cooldownMs"],
    [
      { cooldownMs: 5_000 },
      'once: expected exactly one of once: true, for once a session, and cooldownMs; given {"once":true',
    ],
    [{ once: undefined, cooldownMs: 999 }, `cooldownMs: ${times}; given 999`],
    [{ expiresMs: undefined }, `expiresMs: ${times}; given nothing`],
    [{ expiresMs: 86_400_001 }, `expiresMs: ${times}`],
    [{ expiresMs: 1_000.5 }, `expiresMs: ${times}`],
    [{ payload: [1] }, "payload: expected an object of JSON values; given [1]"],
    [{ payload: { when: new Date(0) } }, "payload: expected an object of JSON values"],
    [{ payload: { text: undefined } }, "payload: expected an object of JSON values"],
    [{ payload: circular }, "payload: expected an object of JSON values; given a value that JSON cannot hold"],
    [{ payload: { text: "é".repeat(1_020) } }, "payload: expected at most 2048 bytes of JSON; given 2051"],
    [{ to: [] }, 'to: expected a list of "page" and "webhook" with at least one of them; given []'],
    [{ to: "page" }, 'to: expected a list of "page" and "webhook"'],
    [{ to: ["page", "page"] }, "to: expected each receiver once"],
    [
      { holdout: undefined },
      /^reaction hesitation: holdout: expected the share of sessions that receive nothing, from 0 to below 1; 0 turns the reaction on for everybody; given nothing$/,
    ],
    [{ holdout: 1 }, "holdout: expected the share of sessions"],
    [{ holdout: -0.1 }, "holdout: expected the share of sessions"],
    [
      { expires_ms: 10 },
      'unknown key: expected one of name, entity, when, once, cooldownMs, expiresMs, payload, to, holdout; given "expires_ms"',
    ],
  ])("rejects %o", (more, message) => {
    expect(() => defineReaction(reaction(more))).toThrow(message);
  });
});
