import { describe, expect, it } from "vitest";
import { armOf } from "../../src/reactions/arm.ts";

const sessions = Array.from({ length: 20_000 }, (_, index) => `shop.session-${index}`);
const holdoutOf = (name: string, holdout: number) =>
  new Set(sessions.filter((session) => armOf({ name, holdout }, session) === "holdout"));

describe("the arm of a session", () => {
  it("is the holdout for its share of the sessions, and for none with 0", () => {
    for (const holdout of [0.05, 0.5, 0.9])
      expect(holdoutOf("hesitation", holdout).size / sessions.length).toBeCloseTo(holdout, 1.7);
    expect(holdoutOf("hesitation", 0).size).toBe(0);
  });

  it("is always the same one, also when the share grows", () => {
    const small = holdoutOf("hesitation", 0.1);
    expect([...holdoutOf("hesitation", 0.1)]).toEqual([...small]);
    const large = holdoutOf("hesitation", 0.2);
    expect([...small].filter((session) => !large.has(session))).toEqual([]);
  });

  it("does not depend on the arms of other reactions", () => {
    const [one, other] = [holdoutOf("hesitation", 0.5), holdoutOf("welcome", 0.5)];
    expect([...one].filter((session) => other.has(session)).length / one.size).toBeCloseTo(0.5, 1.7);
  });
});
