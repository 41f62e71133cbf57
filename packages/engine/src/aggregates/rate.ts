import type { Rate } from "@tidemark/schema";
import type { AggregateKind } from "./aggregate.ts";
import { count } from "./count.ts";

/** Events per `per_ms` over the whole size of the window. Zero for none. */
export const rate = ({ per_ms }: Rate): AggregateKind<number> => ({
  ...count,
  result: (state, { size_ms }) => (size_ms === null ? null : (state * per_ms) / size_ms),
});
