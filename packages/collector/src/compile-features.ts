import { createHash } from "node:crypto";
import { type Engine, type EntityEngine, entityEngine, entityEngines, type Layouts, layoutsOf } from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";

/** The feature definitions of a site, made runnable. */
export interface Definitions {
  /** Names them by what they say: 12 hex digits of the SHA-256 of their JSON. */
  version: string;
  /** The features of a visit. */
  session: Engine;
  /** All other entities, by name: those whose features are gathered from many sessions. The user is there always, and first. */
  rollups: ReadonlyMap<string, EntityEngine>;
  /** Layouts of the states of `rollups`. */
  layouts: Layouts;
}

/** Names definitions by what they say. */
export const versionOf = (features: readonly Feature[]): string =>
  createHash("sha256").update(JSON.stringify(features)).digest("hex").slice(0, 12);

/**
 * Makes definitions runnable.
 *
 * @throws Error when they cannot be meant, as `createEngine` does.
 */
export const compileFeatures = (features: readonly Feature[]): Definitions => {
  const engines = new Map(entityEngines(features).map((each) => [each.entity, each]));
  const { engine: session } = engines.get("session") ?? entityEngine("session", []);
  engines.delete("session");
  const user = engines.get("user") ?? entityEngine("user", []);
  const rollups = new Map([["user", user], ...engines]);
  return {
    version: versionOf(features),
    session,
    rollups,
    layouts: layoutsOf(rollups.values()),
  };
};
