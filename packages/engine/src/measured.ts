import type { FeatureValue } from "@tidemark/schema";
import { SIGNAL_NAMES, type SignalName } from "@tidemark/schema/signals";
import type { EventContext } from "./event-context.ts";

/*
 * The statements of page views about their signals, as bits: two for the statements, and one for each name. The bits of several
 * events are combined by OR.
 */

/** An event's page view states its signals. */
const STATED = 1;

/** An event's page view does not state its signals: any of them may run. */
export const UNSTATED = 2;

const bitOf = new Map<string, number>(SIGNAL_NAMES.map((name, position) => [name, 4 << position]));

/** The bits of names. */
export const bitsOf = (names: readonly SignalName[]): number => bitsIn(names);

const bitsIn = (names: readonly string[]): number => names.reduce((bits, name) => bits | (bitOf.get(name) ?? 0), 0);

/**
 * Creates a function that returns the bits of an event's page view, and 0 outside of any page view. It is fast for
 * successive events whose page views state the same.
 */
export const createSignalReader = (): ((context: EventContext) => number) => {
  let latest: unknown;
  let bits = UNSTATED;
  return ({ view_id, view }) => {
    if (view_id === undefined) return 0;
    const signals: unknown = view?.signals;
    if (signals !== latest) {
      latest = signals;
      bits = typeof signals === "string" ? STATED | bitsIn(signals.split(" ")) : UNSTATED;
    }
    return bits;
  };
};

/**
 * The value of a feature, or `null` instead of 0 and of an empty list when the feature was not measured. It was not when
 * all page views state their signals, and one that the feature needs runs in none of them.
 *
 * @param bits The bits of the page views.
 * @param needed The bits of the signals that the feature needs; 0 when its value of no events is `null`.
 */
export const ifMeasured = (value: FeatureValue, bits: number, needed: number): FeatureValue =>
  (bits & (STATED | UNSTATED)) === STATED && (bits & needed) !== needed && isEmpty(value) ? null : value;

const isEmpty = (value: FeatureValue): boolean => value === 0 || (Array.isArray(value) && value.length === 0);
