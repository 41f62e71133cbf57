import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEngagementClock, type Presence } from "../../src/measures/engagement.ts";

const IDLE = 5_000;

type Step = { after: number } & ({ kind: "input" } | ({ kind: "page" } & Presence));

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ after: fc.nat(8_000), kind: fc.constant("input" as const) }),
  fc.record({
    after: fc.nat(8_000),
    kind: fc.constant("page" as const),
    visible: fc.boolean(),
    focused: fc.boolean(),
    held: fc.boolean(),
  }),
);

/** Computes the totals by the definition, millisecond by millisecond. */
const bruteForce = (steps: Step[], rest: number) => {
  const totals = { visible_ms: 0, focused_ms: 0, active_ms: 0, engaged_ms: 0 };
  let [visible, focused, held, activeUntil, at] = [false, false, false, 0, 0];
  const advance = (ms: number) => {
    for (let end = at + ms; at < end; at += 1) {
      if (!visible) continue;
      const active = held || at < activeUntil;
      totals.visible_ms += 1;
      totals.focused_ms += focused ? 1 : 0;
      totals.active_ms += active ? 1 : 0;
      totals.engaged_ms += focused && active ? 1 : 0;
    }
  };
  for (const each of steps) {
    advance(each.after);
    if (each.kind === "input") activeUntil = at + IDLE;
    else ({ visible, focused, held } = each);
  }
  advance(rest);
  return totals;
};

describe("the engagement clock", () => {
  it("equals the definition for any sequence of inputs and changes of presence", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(8_000), (steps, rest) => {
        const clock = createEngagementClock(IDLE);
        let at = 0;
        for (const each of steps) {
          at += each.after;
          if (each.kind === "input") clock.noteInput(at);
          else clock.setPresence(at, each);
        }
        expect(clock.read(at + rest)).toEqual(bruteForce(steps, rest));
      }),
    );
  });

  it("returns the same totals however often it is read", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1 }), (times) => {
        const [often, once] = [createEngagementClock(IDLE), createEngagementClock(IDLE)];
        const ordered = times.toSorted((a, b) => a - b);
        for (const clock of [often, once]) {
          clock.setPresence(0, { visible: true, focused: true, held: false });
          clock.noteInput(0);
        }
        for (const time of ordered) often.read(time);
        expect(often.read(10_000)).toEqual(once.read(10_000));
      }),
    );
  });

  it("resets the totals for a new page view, and keeps the visitor's activity", () => {
    const clock = createEngagementClock(IDLE);
    clock.setPresence(0, { visible: true, focused: true, held: false });
    clock.noteInput(0);
    clock.reset(2_000);
    expect(clock.read(10_000)).toEqual({ visible_ms: 8_000, focused_ms: 8_000, active_ms: 3_000, engaged_ms: 3_000 });
  });

  it("counts at most half an hour between two calls, because the machine was asleep", () => {
    const clock = createEngagementClock(IDLE);
    clock.setPresence(0, { visible: true, focused: true, held: false });
    clock.noteInput(0);
    const night = 8 * 3_600_000;
    expect(clock.read(night)).toEqual({
      visible_ms: 1_800_000,
      focused_ms: 1_800_000,
      active_ms: IDLE,
      engaged_ms: IDLE,
    });
    expect(clock.read(night + 1_000).visible_ms).toBe(1_801_000);
  });

  it("adds nothing for a time before that of the last call", () => {
    const clock = createEngagementClock(IDLE);
    clock.setPresence(1_000, { visible: true, focused: true, held: false });
    expect(clock.read(500).visible_ms).toBe(0);
    expect(clock.read(1_500).visible_ms).toBe(500);
  });
});
