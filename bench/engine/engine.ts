import { serialize } from "node:v8";
import { sessionFeatures } from "@tidemark/schema";
import { createEngine, type EngineEvent } from "../../packages/collector/src/engine/engine.ts";
import { visit, visitor } from "../../packages/collector/test/engine/visitor.ts";
import { type Bench, report } from "../report.ts";

const engine = createEngine(sessionFeatures);

/** Events of one timed stretch. */
const STRETCH = 50_000;

/** Stretches timed for a figure: the quickest counts, which the machine's other work touched least. */
const STRETCHES = 12;

/** Histories after which state and cost are looked at, in events. */
const HISTORIES = [10, 10_000, 1_000_000];

/** What an event costs, in microseconds. */
const cost = (run: () => void): number => {
  let quickest = Number.POSITIVE_INFINITY;
  for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
    const begin = performance.now();
    run();
    quickest = Math.min(quickest, performance.now() - begin);
  }
  return (quickest * 1000) / STRETCH;
};

/** The reference: a loop that looks at each event no more than to count it by its type. */
const countByType = (events: EngineEvent[]) => {
  const counts: Record<string, number> = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

/** State and cost of a session after so many events, of which no more than a stretch is held at once. */
const afterHistory = (length: number) => {
  const state = engine.zero();
  const events = visitor();
  for (let index = 0; index < length; index += 1) engine.fold(state, events.next().value);
  const bytes = serialize(state).length;
  const next = Array.from({ length: STRETCH }, () => events.next().value);
  // The same stretch each time, from the same state: the history must not grow while it is timed.
  const microseconds = cost(() => {
    const copy = structuredClone(state);
    for (const event of next) engine.fold(copy, event);
  });
  return { bytes, microseconds };
};

/**
 * What it costs to fold a reader's events through the whole catalogue of the session, on one core: microseconds per event beside a
 * loop that counts events by type, the state as it is stored, and whether a long history makes an event dearer.
 */
export const engineBench: Bench = async () => {
  const events = visit(STRETCH);
  const reference = cost(() => countByType(events));
  const fold = cost(() => {
    // As a state comes out of storage.
    const state = structuredClone(engine.zero());
    for (const event of events) engine.fold(state, event);
  });
  const round = (value: number) => Math.round(value * 1000) / 1000;
  const histories = HISTORIES.map((length) => ({ length, ...afterHistory(length) }));
  const [first, , last] = histories;
  return report("engine", [
    {
      case: `fold, ${sessionFeatures.length} features`,
      value: round(fold),
      unit: "µs/event",
      reference: round(reference),
      budget: 1,
    },
    ...histories.map(({ length, bytes }) => ({
      case: `state after ${length.toLocaleString("en")} events`,
      value: bytes,
      unit: "bytes",
      reference: first?.bytes ?? bytes,
      budget: 16 * 1024,
    })),
    {
      case: "event after 1,000,000 beside one after 10",
      value: round(last?.microseconds ?? 0),
      unit: "µs/event",
      reference: round(first?.microseconds ?? 0),
      budget: round((first?.microseconds ?? 0) * 1.25),
    },
  ]);
};
