import type { ServedSet } from "@tidemark/schema";
import { meter } from "./isolate-meter.ts";

/** A vector as a reader or a model receives it. */
interface AgedVector {
  entity: string;
  age_ms: number;
  set?: ServedSet;
}

/** Counts the age of a vector that is served now. @param set Default: the set of the vector. */
export const countServed = (site: string, { entity, age_ms, set }: AgedVector): void => {
  const name = set ? `${set.name}:${set.version}` : "none";
  meter.observe("tidemark_feature_age_seconds", { site, entity, set: name }, age_ms / 1_000);
};
