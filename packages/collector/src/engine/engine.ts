import type { AggregateFeature, Feature, FeatureEvent, FeatureValue } from "@tidemark/schema";
import type { AggregateKind } from "./aggregates/aggregate.ts";
import { kindOf } from "./aggregates/index.ts";
import { evaluate, featuresIn } from "./expression.ts";

/** An event on its way into the engine: with its tab, and with its time corrected. */
export type EngineEvent = FeatureEvent & { tab_id: string };

/** What the engine remembers of an entity: plain JSON data, bounded by the number of features, not of events. */
export interface EngineState {
  /** Time of the latest event, in UTC milliseconds; `null` before the first. */
  event_time: number | null;
  /** One partial result for each aggregate feature, in the order of the definitions. */
  partials: unknown[];
}

/** Definitions made runnable. Pure: time comes with the events, state with the call. */
export interface Engine {
  zero(): EngineState;
  /** Takes in one event, in any order. The given state is used up: go on with the returned one. */
  fold(state: EngineState, event: EngineEvent): EngineState;
  /** Combines the states of two disjoint sets of events. */
  merge(a: EngineState, b: EngineState): EngineState;
  vector(state: EngineState): Record<string, FeatureValue>;
}

/** How much later than its successor an event may come and still be in time, in milliseconds. */
const OUT_OF_ORDERNESS_MS = 5_000;

/** Events before this time are late: the latest event time less the bounded out-of-orderness (Flink's rule). */
export const watermarkOf = (eventTime: number): number => eventTime - OUT_OF_ORDERNESS_MS;

interface Slot {
  position: number;
  kind: AggregateKind<unknown>;
  read: (event: EngineEvent) => unknown;
  matches: (event: EngineEvent) => boolean;
}

type AnyAggregateFeature = AggregateFeature & { aggregate: { field?: string } };

const fieldReader = (path: string | undefined): ((event: EngineEvent) => unknown) => {
  if (path === undefined) return () => undefined;
  const [head = "", inner] = path.split(".");
  if (inner === undefined) return (event) => (event as Record<string, unknown>)[head];
  return (event) => ((event as Record<string, unknown>)[head] as Record<string, unknown> | undefined)?.[inner];
};

const matcher = (conditions: AnyAggregateFeature["where"] = []): ((event: EngineEvent) => boolean) => {
  const tests = conditions.map(({ field, is, value }) => {
    const read = fieldReader(field);
    return is === "eq"
      ? (event: EngineEvent) => read(event) === value
      : (event: EngineEvent) => {
          const actual = read(event);
          return typeof actual === "number" && typeof value === "number" && actual <= value;
        };
  });
  return (event) => tests.every((test) => test(event));
};

const isAggregate = (feature: Feature): feature is Extract<Feature, { aggregate: unknown }> => "aggregate" in feature;

/**
 * Compiles definitions into an engine.
 *
 * @throws Error when two features share a name, or a derived one reads a feature that does not stand before it.
 */
export const createEngine = (features: readonly Feature[]): Engine => {
  const names = new Set<string>();
  for (const feature of features) {
    if (names.has(feature.name)) throw new Error(`feature ${feature.name} is defined twice: give one another name`);
    const unknown = isAggregate(feature) ? undefined : featuresIn(feature.derive).find((name) => !names.has(name));
    if (unknown !== undefined) {
      throw new Error(`feature ${feature.name} is derived from ${unknown}, which is not defined before it`);
    }
    names.add(feature.name);
  }

  const aggregates = features.filter(isAggregate) as unknown as AnyAggregateFeature[];
  const kinds = aggregates.map((feature) => kindOf(feature.aggregate));
  const slots = aggregates.map((feature, position) => ({
    source: feature.source,
    position,
    kind: kinds[position] as AggregateKind<unknown>,
    read: fieldReader("field" in feature.aggregate ? feature.aggregate.field : undefined),
    matches: matcher(feature.where),
  }));
  const slotsByType = new Map<string, Slot[]>();
  const slotsFor = (type: string): Slot[] => {
    const known = slotsByType.get(type);
    if (known) return known;
    const found = slots.filter(({ source }) => source === type || source === "any");
    slotsByType.set(type, found);
    return found;
  };

  return {
    zero: () => ({ event_time: null, partials: kinds.map((kind) => kind.zero()) }),

    fold(state, event) {
      if (state.event_time === null || event.time > state.event_time) state.event_time = event.time;
      for (const { position, kind, read, matches } of slotsFor(event.type)) {
        if (matches(event)) state.partials[position] = kind.add(state.partials[position], read(event), event);
      }
      return state;
    },

    merge: (a, b) => ({
      event_time: a.event_time === null ? b.event_time : Math.max(a.event_time, b.event_time ?? a.event_time),
      partials: kinds.map((kind, position) => kind.merge(a.partials[position], b.partials[position])),
    }),

    vector(state) {
      const values: Record<string, FeatureValue> = {};
      let position = 0;
      for (const feature of features) {
        if (isAggregate(feature)) {
          values[feature.name] = (kinds[position] as AggregateKind<unknown>).result(state.partials[position]);
          position += 1;
        } else {
          values[feature.name] = evaluate(feature.derive, (name) => values[name] ?? null);
        }
      }
      return values;
    },
  };
};
