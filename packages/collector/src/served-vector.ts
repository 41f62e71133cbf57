import type { FeatureValue, ServedSet } from "@tidemark/schema";
import type { UnplacedPayload } from "./records/packed-records.ts";
import type { Tenant } from "./tenants.ts";

/** A vector as a reader receives it, with its set if the reader named one. */
interface ServedVector {
  entity: string;
  id: string;
  event_time: number;
  age_ms: number;
  definition_version: string;
  set?: ServedSet;
  features: Record<string, FeatureValue>;
}

const titleOf = ({ name, version }: ServedSet): string => `${name}:${version}`;

/**
 * The record of a vector that a reader receives; `undefined` if the site has no log, or the set is not recorded. The share
 * of a set is drawn at random.
 */
export const servedRecord = (
  { log, featureSets }: Tenant,
  reader: "server" | "page",
  { entity, id, event_time, age_ms, definition_version, set, features }: ServedVector,
): UnplacedPayload | undefined => {
  const own = set && featureSets.find(({ served }) => titleOf(served) === titleOf(set));
  if (!log || Math.random() >= Number(own?.log ?? 0)) return undefined;
  const payload = { reader, entity, id, event_time, age_ms, definition_version, set, features };
  return { kind: "served_vector", payload };
};
