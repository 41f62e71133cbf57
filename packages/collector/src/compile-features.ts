import {
  type Engine,
  type EntityEngine,
  entityEngine,
  entityEngines,
  layoutsOf,
  type StateLayouts,
} from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";
import { versionOf } from "./definition-version.ts";

/** The compiled feature definitions of a site. */
export interface Definitions {
  /** First 12 hex digits of the SHA-256 of the definitions' JSON. */
  version: string;
  /** Engine of the features of sessions. */
  session: Engine;
  /**
   * Engines of all other entities by name. Many sessions contribute to their features. The user's engine is always the
   * first.
   */
  rollups: ReadonlyMap<string, EntityEngine>;
  /** Layouts of the states of `rollups`. */
  layouts: StateLayouts;
}

/**
 * Compiles the feature definitions of a site.
 *
 * @throws Error for definitions that contradict each other, as `createEngine` does.
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
