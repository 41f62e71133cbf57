import type { AggregateFeature, Event, Feature, FeatureEvent, FeatureValue } from "@tidemark/schema";
import { derivationOrder, isDerived } from "@tidemark/schema/derivation-order";
import { entityNameOf } from "@tidemark/schema/entities";
import { type Accumulator, accumulatorsOf } from "./accumulator.ts";
import { checkDefinitions } from "./check-definitions.ts";
import type { EventContext } from "./event-context.ts";
import { evaluate } from "./expression.ts";
import { type Arrival, type LatenessOptions, lateness } from "./lateness.ts";
import { paneLayoutOf } from "./pane-layout.ts";

/** An event as the log has it, with all that is known of it: it is its own context. */
export type EngineEvent = FeatureEvent & { tab_id: string };

/** How a state is to be read. */
export interface StateLayout {
  version: typeof STATE_VERSION;
  /** What each cell accumulates: the ids of the engine's accumulators, with a space between any two. */
  accumulators: string;
}

/** What a state says, as far as its layout is known. */
export interface PartialState {
  /** Each accumulator's partial result; none, or `null`, as long as no event reached it. */
  cells: unknown[];
  /** Time of the latest event, in UTC milliseconds; `null` before the first. */
  event_time: number | null;
}

/**
 * What the engine remembers of an entity: plain JSON, bounded by the definitions and not by
 * the events. A state of few events is also the delta that brings another one up to date: see {@link Engine.merge}.
 */
export interface EngineState extends StateLayout, PartialState {
  /** Events that arrived behind the watermark and were counted. */
  late: number;
  /** Events that arrived behind the watermark by more than the allowed lateness, and were not counted. */
  too_late: number;
  /** How far time has come by what `advance` said, when it did. */
  processing_time?: number;
}

/** The definitions of one entity, made runnable. Pure: time comes with the events and the calls, state with the call. */
export interface Engine {
  /** The layout of this engine's states. */
  layout: StateLayout;
  /** The state before any event. */
  emptyState(): EngineState;
  /** What that state says. */
  emptyPartialState(): PartialState;
  /** Takes in one event, unless it comes too late. Changes the state. */
  fold(state: EngineState, event: Event, context: EventContext): Arrival;
  /** Takes in one event whose arrival was judged elsewhere: an entity's share of what its session folded. Changes the state. */
  addUnchecked(state: PartialState, event: Event, context: EventContext): void;
  /** Tells an idle source how far time has come, in UTC milliseconds: the watermark follows. Changes the state. */
  advance(state: EngineState, processingTime: number): void;
  /**
   * Takes in the state of other events. Changes `state`, leaves the other one as it is, and shares nothing with it.
   *
   * @throws Error when one is of other definitions: `migrate` it first.
   */
  mergeInto(state: EngineState, other: EngineState): void;
  /** The state of two disjoint sets of events. Leaves both as they are. @throws Error as `mergeInto`. */
  merge(a: EngineState, b: EngineState): EngineState;
  /** A state of other definitions as one of these: what did not change goes on, the features named begin anew. */
  migrate(state: EngineState): { state: EngineState; restarted: string[] };
  /** The features at a moment in UTC milliseconds, which is the latest event's time when that is later. */
  vector(state: EngineState, at: number): Record<string, FeatureValue>;
  /** Events before this are late, in UTC milliseconds; `null` before the first event. */
  watermark(state: EngineState): number | null;
}

const STATE_VERSION = 5;

/**
 * Compiles the definitions of one entity into an engine.
 *
 * @throws Error that names the feature when the features are of several entities, or one names an entity, aggregate or window that there is not;
 * and what `derivationOrder` throws.
 */
export const createEngine = (features: readonly Feature[], options?: LatenessOptions): Engine => {
  checkDefinitions(features);
  const derived = derivationOrder(features);
  const [first] = features;
  const other = features.find((each) => first && entityNameOf(each) !== entityNameOf(first));
  if (first && other) {
    throw new Error(
      `feature ${other.name}: entity: expected ${entityNameOf(first)}, the entity of feature ${first.name}; given ${entityNameOf(other)}: each entity has an engine of its own`,
    );
  }
  const aggregates = features.filter((feature) => !isDerived(feature)) as unknown as AggregateFeature[];
  const { accumulators, positionOf } = accumulatorsOf(aggregates);
  const ids = accumulators.map(({ id }) => id).join(" ");
  const reads = aggregates.map(({ name, window }) => {
    const position = positionOf.get(name) as number;
    const { kind, partial } = accumulators[position] as Accumulator;
    const { pane_ms, panes } = paneLayoutOf(window) ?? { pane_ms: null, panes: 0 };
    return { name, position, kind, partial, panes, size_ms: pane_ms === null ? null : pane_ms * panes };
  });
  const { watermark, arrival } = lateness(options);

  const accumulatorsByType = new Map<string, { position: number; add: Accumulator["add"] }[]>();
  const accumulatorsOfType = (type: string) => {
    const reading = accumulators
      .map(({ source, add }, position) => ({ source, add, position }))
      .filter(({ source }) => source === type || source === "any");
    accumulatorsByType.set(type, reading);
    return reading;
  };

  const addUnchecked = (state: PartialState, event: Event, context: EventContext): void => {
    const { time } = context;
    if (state.event_time === null || time > state.event_time) state.event_time = time;
    const { cells } = state;
    for (const { position, add } of accumulatorsByType.get(event.type) ?? accumulatorsOfType(event.type)) {
      cells[position] = add(cells[position] ?? null, event, context);
    }
  };

  const isOurs = (state: EngineState): boolean => state.version === STATE_VERSION && state.accumulators === ids;

  const layout: StateLayout = { version: STATE_VERSION, accumulators: ids };
  const emptyPartialState = (): PartialState => ({ cells: [], event_time: null });
  const emptyState = (): EngineState => ({ ...layout, ...emptyPartialState(), late: 0, too_late: 0 });

  const advance = (state: EngineState, processingTime: number): void => {
    state.processing_time = Math.max(state.processing_time ?? processingTime, processingTime);
  };

  const mergeInto = (state: EngineState, other: EngineState): void => {
    if (!isOurs(state) || !isOurs(other)) {
      throw new Error("a state of other definitions cannot be merged: migrate it first");
    }
    const { cells } = state;
    accumulators.forEach((accumulator, position) => {
      const partial = other.cells[position] ?? null;
      if (partial !== null) cells[position] = accumulator.mergeInto(cells[position] ?? null, partial);
    });
    state.event_time = latest(state.event_time, other.event_time);
    if (other.processing_time !== undefined) advance(state, other.processing_time);
    state.late += other.late;
    state.too_late += other.too_late;
  };

  return {
    layout,
    emptyState,
    emptyPartialState,
    addUnchecked,

    fold(state, event, context) {
      const arrived = arrival(sourceTimeOf(state), context.time);
      if (arrived === "too_late") {
        state.too_late += 1;
        return arrived;
      }
      if (arrived === "late") state.late += 1;
      addUnchecked(state, event, context);
      return arrived;
    },

    advance,

    mergeInto,

    merge(a, b) {
      const both = emptyState();
      mergeInto(both, a);
      mergeInto(both, b);
      return both;
    },

    migrate(state) {
      if (isOurs(state)) return { state, restarted: [] };
      const isReadable = state.version === STATE_VERSION;
      const ids = isReadable ? state.accumulators.split(" ") : [];
      const known = new Map(ids.map((id, position) => [id, state.cells[position]]));
      const restarted = reads
        .filter(({ position }) => !known.has((accumulators[position] as Accumulator).id))
        .map(({ name }) => name);
      if (!isReadable) return { state: emptyState(), restarted };
      const cells = accumulators.map(({ id }) => known.get(id) ?? null);
      return { state: { ...state, ...layout, cells }, restarted };
    },

    vector(state, at) {
      const moment = latest(state.event_time, at) as number;
      const values: Record<string, FeatureValue> = {};
      for (const { name } of features) values[name] = null;
      for (const { name, position, kind, partial, panes, size_ms } of reads) {
        values[name] = kind.result(partial(state.cells[position] ?? null, panes, moment), { at: moment, size_ms });
      }
      for (const { name, derive } of derived) values[name] = evaluate(derive, (read) => values[read] ?? null);
      return values;
    },

    watermark(state) {
      const sourceTime = sourceTimeOf(state);
      return sourceTime === null ? null : watermark(sourceTime);
    },
  };
};

/** How far time has come. */
const sourceTimeOf = ({ event_time, processing_time }: EngineState): number | null =>
  latest(event_time, processing_time ?? null);

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
