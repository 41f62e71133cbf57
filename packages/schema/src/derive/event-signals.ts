import type { z } from "zod";
import { type EventType, eventTypes } from "../events/index.ts";
import type { EventSignals } from "../features/signals.ts";
import { SIGNAL_NAMES, type SignalName } from "../signals.ts";
import { view } from "../view.ts";

const signalOf = (type: EventType): SignalName | undefined => {
  const names = (eventTypes[type].meta()?.capturedBy ?? []) as readonly string[];
  return SIGNAL_NAMES.find((name) => names.includes(`${name}()`));
};

/** The enrichments of the fields in a shape that only an enrichment sets, by path. */
const enrichmentsIn = (shape: z.core.$ZodShape, prefix = ""): Record<string, SignalName> =>
  Object.fromEntries(
    Object.entries(shape).flatMap(([name, field]) => {
      const enrichment = (field as z.ZodType).meta()?.enrichment as SignalName | undefined;
      return enrichment ? [[`${prefix}${name}`, enrichment]] : [];
    }),
  );

/**
 * Derives the signals of the events and of their fields from the contract. `pnpm run docs` writes them to
 * `features/event-signals.ts`, which programs import without zod.
 */
export const deriveEventSignals = (): EventSignals => {
  const byType = (Object.keys(eventTypes) as EventType[]).map((type) => {
    const signal = signalOf(type);
    return [type, { ...(signal && { signal }), fields: enrichmentsIn(eventTypes[type].shape) }];
  });
  return { any: { fields: enrichmentsIn(view.shape, "view.") }, ...Object.fromEntries(byType) };
};
