import { array, assert, boolean, constantFrom, integer, oneof, property, record, uniqueArray } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert } from "../../src/monitor/alert.ts";
import {
  type AlertState,
  afterAcceptance,
  afterSending,
  alertKey,
  isFiring,
  isSilenced,
  messagesFor,
  nextStates,
  REPEAT_MS,
  type Silence,
  withNotifiers,
} from "../../src/monitor/alert-state.ts";
import type { Notification } from "../../src/monitor/notification.ts";

const ROUND_MS = 10_000;
const FOR_SECONDS = 30;
const RUNBOOKS = "https://wiki.example/runbooks";

const alert: Alert = {
  ...{ name: "TidemarkSinkDown", severity: "page", summary: "Sink {sink} of {shop} is down.", forSeconds: FOR_SECONDS },
  when: { type: "always" },
};
const watchdog: Alert = { ...alert, name: "TidemarkWatchdog", severity: "none", forSeconds: 0 };
const receiver = { name: "desk", severities: ["page", "ticket", "none"] } as const;

const held = (sinks: readonly string[]) => [{ alert, holds: sinks.map((sink) => ({ labels: { sink }, value: 1 })) }];

/** The states after rounds, each with the sinks that are down. */
const afterRounds = (rounds: readonly (readonly string[])[], from: AlertState[] = [], begin = 0): AlertState[] =>
  rounds.reduce((states, sinks, round) => nextStates(states, held(sinks), begin + round * ROUND_MS), from);

const down = (count: number, sink = "a"): string[][] => Array.from({ length: count }, () => [sink]);

const messages = (states: readonly AlertState[], now: number, silences: readonly Silence[] = []): Notification[] =>
  messagesFor(receiver, states, silences, now, RUNBOOKS);

describe("an alert", () => {
  it("is pending for its time, then fires, and ends when its condition does not hold", () => {
    const pending = afterRounds(down(3));
    expect(pending).toMatchObject([{ holdsSince: 0, firesSince: null }]);
    expect(messages(pending, 20_000)).toEqual([]);
    expect(afterRounds([...down(3), []])).toEqual([]);
    const firing = afterRounds(down(4));
    expect(messages(firing, 30_000)).toEqual([
      {
        ...{ key: 'TidemarkSinkDown{sink="a"}', alert: "TidemarkSinkDown", severity: "page", state: "firing" },
        ...{ summary: "Sink a of (none) is down.", labels: { sink: "a" }, value: 1, since: 30_000 },
        runbook: "https://wiki.example/runbooks#tidemarksinkdown",
      },
    ]);
    const [withoutLink] = messagesFor(receiver, firing, [], 30_000);
    expect(withoutLink).toMatchObject({ state: "firing" });
    expect(withoutLink).not.toHaveProperty("runbook");
    // Nobody knows that it fired.
    expect(afterRounds([...down(4), []])).toEqual([]);
  });

  it("has a key that depends on no order of labels, and is different for other labels", () => {
    const labels = uniqueArray(record({ name: constantFrom("a", "b", "c"), value: constantFrom("", "x", '"', ",") }), {
      selector: ({ name }) => name,
    });
    const objectOf = (pairs: { name: string; value: string }[]) =>
      Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
    assert(
      property(labels, labels, (one, other) => {
        expect(alertKey("A", objectOf(one))).toBe(alertKey("A", objectOf(one.toReversed())));
        const isSame =
          JSON.stringify(one.toSorted((a, b) => (a.name < b.name ? -1 : 1))) ===
          JSON.stringify(other.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
        expect(alertKey("A", objectOf(one)) === alertKey("A", objectOf(other))).toBe(isSame);
      }),
    );
  });

  it("that fires again before its end was notified is the same for the receiver", () => {
    let states = afterRounds(down(4));
    states = afterAcceptance(
      afterSending(states, "desk", messages(states, 30_000), 30_000),
      "desk",
      messages(states, 30_000),
      30_000,
    );
    states = afterRounds([[], ...down(4)], states, 40_000);
    expect(states.filter(isFiring)).toHaveLength(1);
    expect(messages(states, 90_000)).toEqual([]);
  });

  it("that no longer exists is resolved", () => {
    let states = afterRounds(down(4));
    states = afterSending(states, "desk", messages(states, 30_000), 30_000);
    states = nextStates(states, [], 40_000);
    expect(messages(states, 40_000)).toMatchObject([
      { state: "resolved", until: 40_000, summary: "Sink a of (none) is down." },
    ]);
  });

  it("is not resolved while it may not end", () => {
    const states = nextStates(afterRounds(down(4)), held([]), 50_000, false);
    expect(states.filter(isFiring)).toHaveLength(1);
  });

  it("that always fires is notified each 5 minutes, to receivers that want it", () => {
    const states = nextStates([], [{ alert: watchdog, holds: [{ labels: {}, value: 1 }] }], 0);
    expect(messagesFor({ name: "desk", severities: ["page"] }, states, [], 0, RUNBOOKS)).toEqual([]);
    const accepted = afterAcceptance(states, "desk", messages(states, 0), 0);
    expect([299_999, 300_000].map((now) => messages(accepted, now).length)).toEqual([0, 1]);
  });

  it("fires after its time, and is notified, also if the clock is set back meanwhile", () => {
    const pending = nextStates([], held(["a"]), 1_000_000);
    const back = nextStates(pending, held(["a"]), 0);
    expect(back.filter(isFiring)).toEqual([]);
    expect(nextStates(back, held(["a"]), FOR_SECONDS * 1_000).filter(isFiring)).toHaveLength(1);

    const firing = afterRounds(down(4), [], 1_000_000);
    const accepted = afterAcceptance(firing, "desk", messages(firing, 1_030_000), 1_030_000);
    expect([1_040_000, 0].map((now) => messages(accepted, now).length)).toEqual([0, 1]);
  });

  it("is not notified to a receiver that was removed", () => {
    const sent = afterSending(afterRounds(down(4)), "desk", messages(afterRounds(down(4)), 30_000), 30_000);
    const resolved = nextStates(sent, held([]), 40_000);
    expect(withNotifiers(resolved, ["desk"])).toHaveLength(1);
    expect(withNotifiers(resolved, ["phone"])).toEqual([]);
  });
});

describe("a silence", () => {
  const silence = (more: Partial<Silence>): Silence => ({
    ...{ id: "1", labels: {}, until: 100, comment: "", created_at: 0 },
    ...more,
  });

  it("is for the alerts with its name and labels, until its end", () => {
    const of = { alert: "A", labels: { site: "shop", sink: "x" } };
    const cases: [Partial<Silence>, number, boolean][] = [
      [{ alert: "A" }, 99, true],
      [{ alert: "A" }, 100, false],
      [{ alert: "B" }, 0, false],
      [{ labels: { sink: "x" } }, 0, true],
      [{ labels: { sink: "x", site: "other" } }, 0, false],
      [{ alert: "A", labels: { site: "shop", model: "m" } }, 0, false],
    ];
    for (const [more, now, expected] of cases) expect(isSilenced(of, [silence(more)], now)).toBe(expected);
  });

  it("suppresses messages that an alert fires, and not that one which was notified is resolved", () => {
    const silences = [silence({ alert: alert.name, until: 1_000_000 })];
    let states = afterRounds(down(4));
    expect(messages(states, 30_000, silences)).toEqual([]);
    states = afterAcceptance(states, "desk", messages(states, 30_000), 30_000);
    states = nextStates(states, held([]), 40_000);
    expect(messages(states, 40_000, silences)).toMatchObject([{ state: "resolved" }]);
  });
});

/** The steps of a round after which the object may stop. */
const STEPS = ["none", "evaluated", "marked", "sent", "accepted"] as const;

/** The rounds of a deployment, in which the object stops and the receiver fails. */
const histories = array(
  record({
    sinks: oneof({ weight: 4, arbitrary: constantFrom(["a"], ["a", "b"]) }, constantFrom<string[]>([], ["b"])),
    stopsAfter: constantFrom(...STEPS, "none", "none"),
    accepts: boolean(),
    /** Whether a call that is not accepted arrives nevertheless. */
    arrives: boolean(),
    skips: integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
);

describe("messages", () => {
  it("arrive at least once for each alert that fires and is resolved, and again only after a failure or a repeat", () => {
    assert(
      property(histories, (given) => {
        let stored: AlertState[] = [];
        let now = 0;
        /** The messages that have arrived, by key. */
        const arrived: Notification[] = [];
        /** All that the object was about to send: after a stop it does not know whether they have arrived. */
        const sent: (Notification & { at: number; isKnown: boolean })[] = [];
        const round = ({ sinks, stopsAfter, accepts, arrives }: Omit<(typeof given)[0], "skips">): void => {
          // A round begins with the stored states, as one after a stop does.
          const evaluated = nextStates(stored, held(sinks), now);
          if (stopsAfter === "evaluated") return;
          stored = evaluated;
          const due = messages(stored, now);
          if (due.length === 0) return;
          stored = afterSending(stored, "desk", due, now);
          const isKnown = accepts && stopsAfter !== "marked" && stopsAfter !== "sent";
          sent.push(...due.map((each) => ({ ...each, at: now, isKnown })));
          if (stopsAfter === "marked") return;
          if (accepts || arrives) arrived.push(...due);
          if (stopsAfter === "sent" || !accepts) return;
          stored = afterAcceptance(stored, "desk", due, now);
        };
        for (const each of given) {
          now += ROUND_MS * (1 + each.skips);
          round(each);
        }
        // Then nothing fails.
        const last = given.at(-1)?.sinks ?? [];
        for (let count = 0; count < 6; count++) {
          now += ROUND_MS;
          round({ sinks: last, stopsAfter: "none", accepts: true, arrives: true });
        }
        const latest = new Map(arrived.map((each) => [each.key, each.state]));
        for (const sink of ["a", "b"]) {
          const state = latest.get(alertKey(alert.name, { sink }));
          if (new Set<string>(last).has(sink)) expect(state).toBe("firing");
          else expect([undefined, "resolved"]).toContain(state);
        }
        // The end of an alert follows a message that it fires, and comes once more only if it was not confirmed.
        sent.forEach((message, index) => {
          const before = sent.slice(0, index).findLast(({ key }) => key === message.key);
          if (message.state === "resolved") expect(before && (before.state === "firing" || !before.isKnown)).toBe(true);
          // A receiver that has confirmed that an alert fires is notified so again after hours only.
          else if (before?.state === "firing" && before.isKnown)
            expect(message.at - before.at).toBeGreaterThanOrEqual(REPEAT_MS.page);
        });
      }),
      { numRuns: 500 },
    );
  });
});
