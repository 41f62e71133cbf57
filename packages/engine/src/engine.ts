import type { AggregateFeature, Event, Feature, FeatureEvent, FeatureValue } from "@tidemark/schema";
import { derivationOrder, isDerived } from "@tidemark/schema/derivation-order";
import { entityNameOf } from "@tidemark/schema/entities";
import { signalsOf } from "@tidemark/schema/signals";
import { type Accumulator, accumulatorsOf } from "./accumulator.ts";
import { checkDefinitions } from "./check-definitions.ts";
import type { EventContext } from "./event-context.ts";
import { evaluate } from "./expression.ts";
import { type Lateness, type LatenessOptions, latenessRule } from "./lateness.ts";
import { bitsOf, createSignalReader, ifMeasured, UNSTATED } from "./measured.ts";
import { motionOf, type ValueOverTime } from "./motion.ts";
import { paneLayoutOf } from "./pane-layout.ts";
import { leavingTimes, type Panes } from "./panes.ts";
import type { PageCredit } from "./touches.ts";

/** An event of the log. It has all fields of the context, and is its own context. */
export type EngineEvent = FeatureEvent & { tab_id: string };

/** The layout by which a state is read. */
export interface StateLayout {
  version: typeof STATE_VERSION;
  /** The ids of the accumulators, in the order of the cells, separated by spaces. */
  accumulators: string;
}

/** The cells, the event time and the signals of a state, without its layout and its counts of late events. */
export interface PartialState {
  /** The cell of each accumulator; absent or `null` until an event reaches the accumulator. */
  cells: unknown[];
  /** Time of the latest event in UTC milliseconds; `null` before the first event. */
  event_time: number | null;
  /**
   * The signals that the page views of the events state, as bits: see `measured.ts`. Absent in a state whose events were
   * folded before page views stated them.
   */
  signals?: number;
}

/**
 * The state of an entity: plain JSON, whose size is bounded by the definitions and not by the number of events. A state
 * of a few events is also a delta that can be merged into another state: see {@link Engine.mergeInto}.
 */
export interface EngineState extends StateLayout, PartialState {
  /** Number of events that arrived behind the watermark and were counted. */
  late: number;
  /** Number of events that arrived behind the watermark by more than the allowed lateness and were not counted. */
  too_late: number;
}

/**
 * The compiled definitions of one entity. Its functions are pure apart from the state that they are given: they read no
 * clock.
 */
export interface Engine {
  /** Layout of the engine's states. */
  layout: StateLayout;
  /** Returns the state before the first event. */
  emptyState(): EngineState;
  /** Returns the partial state before the first event. */
  emptyPartialState(): PartialState;
  /** Classifies an event by its time in UTC milliseconds, as {@link Engine.fold} would. */
  latenessOf(state: EngineState, time: number): Lateness;
  /** Folds one event into the state unless the event is too late, and returns its lateness. Changes the state. */
  fold(state: EngineState, event: Event, context: EventContext): Lateness;
  /** Folds one event without a check of its lateness, which the event's session has made already. Changes the state. */
  foldUnchecked(state: PartialState, event: Event, context: EventContext): void;
  /**
   * Whether the session credits an event to the pages that it viewed before: the event satisfies the conditions of a
   * feature with the aggregate `credit`.
   */
  isCredited(event: Event, context: EventContext): boolean;
  /** Whether a feature has the aggregate `credit`. */
  hasCredits: boolean;
  /**
   * Folds an event that the session credits to the page. Only features with the aggregate `credit` read it. Changes the
   * state.
   */
  foldCredit(state: PartialState, event: Event, context: EventContext, credit: PageCredit): void;
  /**
   * Merges the state of other events into `state`. Never changes `other`, and shares nothing with it.
   *
   * @throws Error when one of them is a state of other definitions: `migrate` it first.
   */
  mergeInto(state: EngineState, other: EngineState): void;
  /**
   * Returns the merged state of two disjoint sets of events. Never changes `a` or `b`. @throws The error of
   * `mergeInto`.
   */
  merge(a: EngineState, b: EngineState): EngineState;
  /**
   * Converts a state of other definitions to a state of these. Features with an unchanged definition keep their values;
   * the features in `restarted` start from scratch.
   */
  migrate(state: EngineState): { state: EngineState; restarted: string[] };
  /**
   * Returns the features at the read time `at` in UTC milliseconds, or at the time of the latest event when that is
   * later.
   */
  vector(state: EngineState, at: number): Record<string, FeatureValue>;
  /** Returns the value of a feature while no event arrives; `undefined` for an unknown feature and a derived one. */
  overTime(state: EngineState, name: string): ValueOverTime | undefined;
  /** Returns the time before which events are late, in UTC milliseconds; `null` before the first event. */
  watermark(state: EngineState): number | null;
}

const STATE_VERSION = 5;

/**
 * Compiles the definitions of one entity to an engine.
 *
 * @throws Error that names the feature, when the features belong to several entities, or when one names an unknown
 * entity, aggregate or window. Also throws the errors of `derivationOrder`.
 */
export const createEngine = (features: readonly Feature[], options?: LatenessOptions): Engine => {
  checkDefinitions(features);
  const derived = derivationOrder(features);
  const [first] = features;
  const other = features.find((each) => first && entityNameOf(each) !== entityNameOf(first));
  if (first && other) {
    throw new Error(
      `feature ${other.name}: entity: expected ${entityNameOf(first)}, the entity of feature ${first.name}; given ${entityNameOf(other)}; create one engine for each entity`,
    );
  }
  const aggregates = features.filter((feature) => !isDerived(feature)) as unknown as AggregateFeature[];
  const { accumulators, positionOf } = accumulatorsOf(aggregates);
  const ids = accumulators.map(({ id }) => id).join(" ");
  const vectorInputs = aggregates.map((feature) => {
    const { name, window } = feature;
    const position = positionOf.get(name) as number;
    const { kind, partial } = accumulators[position] as Accumulator;
    const { pane_ms, pane_count } = paneLayoutOf(window) ?? { pane_ms: null, pane_count: 0 };
    const size_ms = pane_ms === null ? null : pane_ms * pane_count;
    const hasValue = kind.result(kind.emptyPartial(), { at: 0, size_ms }) !== null;
    const needed = hasValue ? bitsOf(signalsOf(feature)) : 0;
    return { name, position, kind, partial, pane_ms, pane_count, size_ms, needed, motion: motionOf(feature) };
  });
  const inputOf = new Map(vectorInputs.map((input) => [input.name, input]));
  const valueAt = (
    { cells }: EngineState,
    { position, kind, partial, pane_count, size_ms, needed }: (typeof vectorInputs)[number],
    signals: number,
    at: number,
  ): FeatureValue =>
    ifMeasured(kind.result(partial(cells[position] ?? null, pane_count, at), { at, size_ms }), signals, needed);
  const { watermark, classify } = latenessRule(options);

  const positioned = accumulators.map((accumulator, position) => ({ ...accumulator, position }));
  const own = positioned.filter(({ isCredit }) => !isCredit);
  const credited = positioned.filter(({ isCredit }) => isCredit);
  const accumulatorsByType = new Map<string, { position: number; add: Accumulator["add"] }[]>();
  const accumulatorsOfType = (type: string) => {
    const ofType = own
      .filter(({ source }) => source === type || source === "any")
      .map(({ add, position }) => ({ add, position }));
    accumulatorsByType.set(type, ofType);
    return ofType;
  };

  const signalBitsOf = createSignalReader();
  const foldUnchecked = (state: PartialState, event: Event, context: EventContext): void => {
    const { time } = context;
    state.signals = statedIn(state) | signalBitsOf(context);
    if (state.event_time === null || time > state.event_time) state.event_time = time;
    const { cells } = state;
    for (const { position, add } of accumulatorsByType.get(event.type) ?? accumulatorsOfType(event.type)) {
      cells[position] = add(cells[position] ?? null, event, context);
    }
  };

  const reads = ({ source }: Accumulator, { type }: Event): boolean => source === type || source === "any";
  const foldCredit = (state: PartialState, event: Event, context: EventContext, credit: PageCredit): void => {
    const { time } = context;
    if (state.event_time === null || time > state.event_time) state.event_time = time;
    const { cells } = state;
    for (const each of credited)
      if (reads(each, event))
        cells[each.position] = each.add(cells[each.position] ?? null, event, { ...context, credit });
  };

  const latenessOf = (state: EngineState, time: number): Lateness => classify(state.event_time, time);

  const hasCurrentLayout = (state: EngineState): boolean =>
    state.version === STATE_VERSION && state.accumulators === ids;

  const layout: StateLayout = { version: STATE_VERSION, accumulators: ids };
  const emptyPartialState = (): PartialState => ({ cells: [], event_time: null, signals: 0 });
  const emptyState = (): EngineState => ({ ...layout, ...emptyPartialState(), late: 0, too_late: 0 });

  const mergeInto = (state: EngineState, other: EngineState): void => {
    if (!hasCurrentLayout(state) || !hasCurrentLayout(other)) {
      throw new Error("cannot merge a state of other definitions: migrate it first");
    }
    const { cells } = state;
    accumulators.forEach((accumulator, position) => {
      const partial = other.cells[position] ?? null;
      if (partial !== null) cells[position] = accumulator.mergeInto(cells[position] ?? null, partial);
    });
    state.signals = statedIn(state) | statedIn(other);
    state.event_time = latest(state.event_time, other.event_time);
    state.late += other.late;
    state.too_late += other.too_late;
  };

  return {
    layout,
    emptyState,
    emptyPartialState,
    foldUnchecked,
    foldCredit,
    hasCredits: credited.length > 0,
    isCredited: (event, context) => credited.some((each) => reads(each, event) && each.isMatch(event, context)),

    latenessOf,

    fold(state, event, context) {
      const eventLateness = latenessOf(state, context.time);
      if (eventLateness === "too_late") {
        state.too_late += 1;
        return eventLateness;
      }
      if (eventLateness === "late") state.late += 1;
      foldUnchecked(state, event, context);
      return eventLateness;
    },

    mergeInto,

    merge(a, b) {
      const merged = emptyState();
      mergeInto(merged, a);
      mergeInto(merged, b);
      return merged;
    },

    migrate(state) {
      if (hasCurrentLayout(state)) return { state, restarted: [] };
      const isReadable = state.version === STATE_VERSION;
      const ids = isReadable ? state.accumulators.split(" ") : [];
      const known = new Map(ids.map((id, position) => [id, state.cells[position]]));
      const restarted = vectorInputs
        .filter(({ position }) => !known.has((accumulators[position] as Accumulator).id))
        .map(({ name }) => name);
      if (!isReadable) return { state: emptyState(), restarted };
      const cells = accumulators.map(({ id }) => known.get(id) ?? null);
      return { state: { ...state, ...layout, cells }, restarted };
    },

    vector(state, at) {
      const readTime = latest(state.event_time, at) as number;
      const values: Record<string, FeatureValue> = {};
      for (const { name } of features) values[name] = null;
      const signals = statedIn(state);
      for (const input of vectorInputs) values[input.name] = valueAt(state, input, signals, readTime);
      for (const { name, derive } of derived) values[name] = evaluate(derive, (read) => values[read] ?? null);
      return values;
    },

    overTime(state, name) {
      const input = inputOf.get(name);
      if (!input) return undefined;
      const { position, pane_ms, pane_count, motion } = input;
      const signals = statedIn(state);
      const panes = pane_ms === null ? [] : ((state.cells[position] ?? []) as Panes);
      return {
        motion,
        steps: motion === "steps" && pane_ms !== null ? leavingTimes(panes, pane_ms, pane_count) : [],
        at: (time) => valueAt(state, input, signals, latest(state.event_time, time) as number),
      };
    },

    watermark: ({ event_time }) => (event_time === null ? null : watermark(event_time)),
  };
};

/** The bits of a state's signals. */
const statedIn = ({ signals, event_time }: PartialState): number => signals ?? (event_time === null ? 0 : UNSTATED);

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
