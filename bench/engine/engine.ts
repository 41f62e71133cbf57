import { createEngine, type EngineEvent, type EngineState, type LoggedEvent, packCells } from "@tidemark/engine";
import { sessionFeatures } from "@tidemark/schema";
import { firstSessionEvents, sessionEvents } from "../../packages/engine/test/session-events.ts";
import { type Bench, report } from "../report.ts";

const engine = createEngine(sessionFeatures);

/** Folds as a session does, which puts together for each event what it knows of it. */
const fold = (state: EngineState, event: LoggedEvent) => {
  const { time, tab_id, seq, view_id, view, view_time_ms, session_id, anonymous_id, user_id, consent } = event;
  const whole = { time, tab_id, seq, view_id, view, view_time_ms, session_id, anonymous_id, user_id, consent };
  engine.fold(state, event, whole);
};

/** Events of one timed stretch. */
const STRETCH = 50_000;

/** Stretches timed for a figure: the quickest counts, which the machine's other work touched least. */
const STRETCHES = 12;

/** Histories after which state and cost are looked at, in events. */
const HISTORIES = [10, 10_000, 1_000_000];

/**
 * What an event costs in each of some ways to run a stretch, in microseconds. They take turns, so that what else the machine does
 * touches all of them.
 */
const costs = (runs: (() => void)[]): number[] => {
  const quickest = runs.map(() => Number.POSITIVE_INFINITY);
  for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
    runs.forEach((run, place) => {
      const begin = performance.now();
      run();
      quickest[place] = Math.min(quickest[place] as number, performance.now() - begin);
    });
  }
  return quickest.map((ms) => Math.round((ms * 1e6) / STRETCH) / 1000);
};

/** The reference: a loop that looks at each event no more than to count it by its type. */
const countByType = (events: EngineEvent[]) => {
  const counts: Record<string, number> = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

/** A session after so many events, and its next ones: no more than a stretch is held at once. */
const afterHistory = (length: number) => {
  const state = engine.emptyState();
  const events = sessionEvents();
  for (let index = 0; index < length; index += 1) fold(state, events.next().value);
  const next = Array.from({ length: STRETCH }, () => events.next().value);
  return {
    length,
    bytes: JSON.stringify({ ...state, cells: packCells(state.cells) }).length,
    run: () => foldStretch(state, next),
  };
};

/** Folds a stretch into a copy, as a state comes out of storage: the history must not grow while it is timed. */
const foldStretch = (state: EngineState, events: LoggedEvent[]) => {
  const copy = structuredClone(state);
  for (const event of events) fold(copy, event);
};

/**
 * What it costs to fold a reader's events through the whole catalogue of the session, on one core: microseconds per event beside a
 * loop that counts events by type, the state as it is stored, and whether a long history makes an event dearer.
 */
export const engineBench: Bench = async () => {
  const events = firstSessionEvents(STRETCH);
  const histories = HISTORIES.map(afterHistory);
  const [reference = 0, folding = 0, early = 0, , late = 0] = costs([
    () => countByType(events),
    () => foldStretch(engine.emptyState(), events),
    ...histories.map(({ run }) => run),
  ]);
  return report("engine", [
    { case: `fold, ${sessionFeatures.length} features`, value: folding, unit: "µs/event", reference, budget: 1 },
    ...histories.map(({ length, bytes }) => ({
      case: `state after ${length.toLocaleString("en")} events`,
      value: bytes,
      unit: "bytes",
      reference: histories[0]?.bytes ?? bytes,
      budget: 16 * 1024,
    })),
    {
      case: "event after 1,000,000 beside one after 10",
      value: late,
      unit: "µs/event",
      reference: early,
      // No dearer, but for what two timings of the same thing differ by.
      budget: Math.round(early * 1.2 * 1000) / 1000,
    },
  ]);
};
