import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Attempt, SinkOutcome } from "../../src/sinks/sink.ts";
import { traffic } from "../workers/worker.ts";
import {
  alarmOf,
  egress,
  eventually,
  nextSite,
  partition,
  runAlarm,
  send,
  sessionObject,
  sessionOf,
  stop,
} from "./feed.ts";

const { attempt } = traffic;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.attempt = attempt;
});

/**
 * Effects of an attempt: of all pending records, of every second one, or of none. Of `lost`, the target stores all records
 * and the response never arrives; of `thrown`, every second one, and the sink throws.
 */
const effects = ["all", "half", "none", "refused", "lost", "thrown"] as const;
type Effect = (typeof effects)[number];

const steps = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("send" as const), session: fc.nat(2), events: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ type: fc.constantFrom("stop egress" as const, "stop partition" as const, "alarm" as const) }),
    fc.record({ type: fc.constantFrom("pause" as const, "resume" as const) }),
  ),
  { minLength: 3, maxLength: 12 },
);

const HOUR_MS = 3_600_000;

const SEND = { type: "send", session: 0, events: 3 } as const;

/** Attempts that store records without a response, or refuse them, before others of the same records. */
const examples: [(typeof SEND | { type: "alarm" | "stop egress" })[], Effect[]][] = [
  [
    [SEND, { type: "alarm" }, { type: "alarm" }],
    ["thrown", "refused"],
  ],
  [
    [SEND, { type: "stop egress" }, { type: "alarm" }],
    ["lost", "refused"],
  ],
];

/**
 * A target that drops a record whose sequence it has, as a broker does. It refuses a record again that it has refused: the sink
 * may have stopped before it stored the refusal.
 */
const createTarget = (given: readonly Effect[]) => {
  const bySequence = new Map<number, string>();
  const arrivals: string[] = [];
  const refused = new Set<string>();
  const effectsLeft = [...given];
  const target = { arrivals, bySequence, refused, isHealed: false };
  traffic.attempt = async ({ sink, cut, state }): Promise<Attempt<unknown>> => {
    if (sink !== "small") return { outcomes: cut.pending.map(() => ({ type: "delivered" })) };
    const { n } = state as { n: number };
    const effect = target.isHealed ? "all" : (effectsLeft.shift() ?? "all");
    const isStored = (place: number) =>
      effect === "all" || effect === "lost" || ((effect === "half" || effect === "thrown") && place % 2 === 0);
    const outcomes = cut.pending.map((index, place): SinkOutcome => {
      const id = cut.records[index]?.id ?? "";
      const sequence = n * 1_000 + index;
      if (bySequence.has(sequence)) return { type: "delivered" };
      if (effect === "refused" || refused.has(id)) {
        refused.add(id);
        return { type: "refused", reason: "refused" };
      }
      if (!isStored(place)) return { type: "retry", reason: "not now", ...(place % 3 === 0 && { afterMs: 5 }) };
      arrivals.push(id);
      bySequence.set(sequence, id);
      return { type: "delivered" };
    });
    if (effect === "lost") return new Promise(() => {});
    if (effect === "thrown") throw new Error("the connection broke");
    return { outcomes };
  };
  return target;
};

it("delivers or refuses each acknowledged record whatever attempts do and objects stop, and a target that knows sequences has it once", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.constantFrom(...effects), { maxLength: 8 }), async (given, attempts) => {
      const site = nextSite();
      const target = createTarget(attempts);
      const stub = () => egress(site, "small");
      const sessions = [sessionOf(site), sessionOf(site), sessionOf(site)];
      const seqs = [0, 0, 0];
      const accepted: string[] = [];
      const began = Date.now();
      for (const step of given) {
        if (step.type === "send") {
          const first = seqs[step.session] as number;
          const batch = Array.from({ length: step.events }, (_, index) => first + index);
          accepted.push(...(await send(site, sessions[step.session] as string, batch)));
          seqs[step.session] = first + step.events;
        } else if (step.type === "stop egress") await stop(stub());
        else if (step.type === "stop partition") await stop(partition(site));
        else if (step.type === "alarm") {
          // An attempt whose response is lost ends only with its object.
          const running = runAlarm(stub()).catch(() => false);
          await Promise.race([running, scheduler.wait(20)]);
        } else await stub()[step.type](site, "small", 0);
      }
      target.isHealed = true;
      await stop(stub());
      await stub().resume(site, "small", 0);
      await eventually(async () => {
        // A session repeats a push that its partition has not confirmed. A later alarm deletes it, when the log has no records.
        for (const session of sessions) {
          const object = sessionObject(site, session);
          if (Number(await alarmOf(object)) < began + HOUR_MS) await runAlarm(object);
        }
        await runAlarm(partition(site));
        await runAlarm(stub());
        const stored = [...target.bySequence.values(), ...target.refused];
        expect(stored.toSorted()).toEqual(accepted.toSorted());
      });
      const { delivered, refused, lag_records } = await stub().status(site, "small", 0);
      expect([delivered + refused, lag_records]).toEqual([accepted.length, 0]);
    }),
    { numRuns: 10, endOnFailure: true, examples },
  );
}, 180_000);
