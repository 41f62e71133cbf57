import config from "../../tidemark.config.ts";
import type { Read } from "./read-load.ts";

/** Sessions of a read of many vectors. */
export const BULK = 100;

/** The feature set that is read. */
export const SET = (() => {
  const [set] = config.featureSets ?? [];
  if (set?.entity !== "session") throw new Error("tidemark.config.ts: featureSets: expected a set of sessions first");
  return set;
})();

/** A read of the set of sessions in Feast's form, which Feast's server answers too. */
export const onlineFeatures = (sessions: readonly string[]): Read => ({
  name: `${sessions.length} sessions, get-online-features`,
  path: "/get-online-features",
  body: { feature_service: SET.name, entities: { session_id: sessions } },
});

/** The values of a response by the names of its columns, whose order is not the same for all servers. */
export const valuesIn = (response: unknown): Record<string, unknown[]> => {
  const { metadata, results } = response as {
    metadata: { feature_names: string[] };
    results: { values: unknown[] }[];
  };
  return Object.fromEntries(metadata.feature_names.map((name, index) => [name, results[index]?.values ?? []]));
};

/** The sessions of a round: others in each round. */
export const sessionsOf = (round: number, sessions: readonly string[]): string[] => {
  const first = (round * 7) % (sessions.length - BULK);
  return sessions.slice(first, first + BULK);
};
