import { describe, expect, it } from "vitest";
import { type DueList, type Duty, dueAt, setDue } from "../../src/session/due.ts";

const NOW = 1_800_000_000_000;

const listOf = (...duties: [Duty, number | null][]): DueList => {
  const stored = { due: [] };
  for (const [duty, at] of duties) setDue(stored, duty, at);
  return stored.due;
};

describe("the list of duties", () => {
  it("keeps the duties in the order of their times", () => {
    expect(listOf(["close", NOW + 500], ["push", NOW + 100])).toEqual([
      ["push", NOW + 100],
      ["close", NOW + 500],
    ]);
  });

  it("has one time for a duty", () => {
    expect(listOf(["push", NOW + 100], ["close", NOW + 400], ["push", NOW + 700])).toEqual([
      ["close", NOW + 400],
      ["push", NOW + 700],
    ]);
  });

  it("removes a duty", () => {
    expect(listOf(["push", NOW + 100], ["push", null])).toEqual([]);
  });
});

it("dueAt is the time of a duty", () => {
  const stored = { due: listOf(["close", NOW + 100]) };
  expect([dueAt(stored, "close"), dueAt(stored, "push")]).toEqual([NOW + 100, null]);
});
