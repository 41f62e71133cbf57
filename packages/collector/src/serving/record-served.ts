import type { ServedSet } from "@tidemark/schema";
import type { Vector } from "./read-vector.ts";
import type { Reader } from "./reader.ts";

const titleOf = ({ name, version }: ServedSet): string => `${name}:${version}`;

/** Adds a vector to the log, if its set is recorded. The share of a set is drawn at random. */
export const recordServed = ({ tenant, caller, records }: Reader, { features, set, ...vector }: Vector): void => {
  const own = tenant.featureSets.find(({ served }) => set && titleOf(served) === titleOf(set));
  if (Math.random() >= Number(own?.log ?? 0)) return;
  const { entity, id, event_time, age_ms, definition_version } = vector;
  const payload = { reader: caller, entity, id, event_time, age_ms, definition_version, set, features };
  records.add(tenant, { kind: "served_vector", payload });
};
