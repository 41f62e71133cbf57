import type { EventType } from "../events/index.ts";
import type { SignalName } from "../signals.ts";
import { eventSignals } from "./event-signals.ts";
import type { AggregateFeature } from "./feature.ts";

export { SIGNAL_NAMES, type SignalName } from "../signals.ts";

/**
 * The signal that captures the events of each source, and the enrichments that set fields, by path. There is no signal
 * when calls capture the events. `any` has the fields that events of all types share.
 */
export type EventSignals = Record<
  EventType | "any",
  { readonly signal?: SignalName; readonly fields: Readonly<Record<string, SignalName>> }
>;

/**
 * The signals and enrichments without which a feature has no events: the signal of its source, and the enrichments of
 * the fields that its aggregate and its conditions read. Empty when calls capture the events, and for all events. Empty for
 * `credit` too: its events happen on other pages.
 */
export const signalsOf = ({ source, aggregate, where = [] }: AggregateFeature): SignalName[] => {
  if (aggregate.type === "credit") return [];
  const { signal, fields } = (eventSignals as Partial<EventSignals>)[source] ?? {};
  const ofField: Readonly<Record<string, SignalName>> = { ...eventSignals.any.fields, ...fields };
  const read = [...("field" in aggregate ? [aggregate.field] : []), ...where.map(({ field }) => field)];
  const names = [signal, ...read.map((path) => (Object.hasOwn(ofField, path) ? ofField[path] : undefined))];
  return [...new Set(names.filter((name) => name !== undefined))];
};
