import type { Rate } from "@tidemark/schema";
import type { AggregateKind } from "./aggregate.ts";
import { count } from "./count.ts";

/** Number of events per `per_ms`, averaged over the full size of the window. Zero for no events. */
export const rate = ({ per_ms }: Rate): AggregateKind<number> => ({
  ...count,
  result: (partial, { size_ms }) => (size_ms === null ? null : (partial * per_ms) / size_ms),
});
