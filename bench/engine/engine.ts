import { createEngine, type EngineEvent, type EngineState, type LoggedEvent, packCells } from "@tidemark/engine";
import { sessionFeatures } from "@tidemark/schema";
import { firstSessionEvents, sessionEvents } from "../../packages/engine/test/session-events.ts";
import { type Bench, report } from "../report.ts";

const engine = createEngine(sessionFeatures);

/** Folds an event as a session does, with a context object for each event. */
const fold = (state: EngineState, event: LoggedEvent) => {
  const { time, tab_id, seq, view_id, view, view_time_ms, session_id, anonymous_id, user_id, consent } = event;
  const context = { time, tab_id, seq, view_id, view, view_time_ms, session_id, anonymous_id, user_id, consent };
  engine.fold(state, event, context);
};

/** Number of events in one timed run. */
const RUN_EVENTS = 50_000;

/** Number of runs for a figure. The fastest one counts, since other work on the machine affects it least. */
const RUNS = 12;

/** Lengths of the histories after which the state and the cost are measured, in events. */
const HISTORIES = [10, 10_000, 1_000_000];

/**
 * Measures the cost of an event in each kind of run, in microseconds. The kinds take turns, so that other work on the
 * machine affects all of them.
 */
const costs = (runs: (() => void)[]): number[] => {
  const fastest = runs.map(() => Number.POSITIVE_INFINITY);
  for (let count = 0; count < RUNS; count += 1) {
    runs.forEach((run, index) => {
      const begin = performance.now();
      run();
      fastest[index] = Math.min(fastest[index] as number, performance.now() - begin);
    });
  }
  return fastest.map((ms) => Math.round((ms * 1e6) / RUN_EVENTS) / 1000);
};

/** The reference: a loop that counts events by type. */
const countByType = (events: EngineEvent[]) => {
  const counts: Record<string, number> = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

/** A session after a history of the given length, with the events of the next run. Only these are in memory at once. */
const afterHistory = (length: number) => {
  const state = engine.emptyState();
  const events = sessionEvents();
  for (let index = 0; index < length; index += 1) fold(state, events.next().value);
  const next = Array.from({ length: RUN_EVENTS }, () => events.next().value);
  return {
    length,
    bytes: JSON.stringify({ ...state, cells: packCells(state.cells) }).length,
    run: () => foldRun(state, next),
  };
};

/** Folds a run into a copy of the state, as if read from storage, so that the history does not grow between runs. */
const foldRun = (state: EngineState, events: LoggedEvent[]) => {
  const copy = structuredClone(state);
  for (const event of events) fold(copy, event);
};

/**
 * Measures the cost of folding a visitor's events into all session features of the catalogue, on one core. It reports
 * microseconds per event against a loop that counts events by type, the size of the stored state, and the effect of a
 * long history on the cost.
 */
export const engineBench: Bench = async () => {
  const events = firstSessionEvents(RUN_EVENTS);
  const histories = HISTORIES.map(afterHistory);
  const [reference = 0, folding = 0, early = 0, , late = 0] = costs([
    () => countByType(events),
    () => foldRun(engine.emptyState(), events),
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
      case: "event after 1,000,000, against one after 10",
      value: late,
      unit: "µs/event",
      reference: early,
      // Equal, within the difference between two measurements of the same run.
      budget: Math.round(early * 1.2 * 1000) / 1000,
    },
  ]);
};
