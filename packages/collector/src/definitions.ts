import { createHash } from "node:crypto";
import type { Feature } from "@tidemark/schema";
import { createEngine, type Engine } from "./engine/engine.ts";
import { entityId } from "./engine/entity.ts";
import { type EntityEngine, entityEngines } from "./engine/entity-engine.ts";
import type { Layouts } from "./rollup/push.ts";

/** The feature definitions of a deployment, made runnable. */
export interface Definitions {
  /** Names them by what they say: 12 hex digits of the SHA-256 of their JSON. */
  version: string;
  /** The features of a visit. */
  session: Engine;
  /** All other entities, by name: those whose features are gathered from many sessions. The user is there always, and first. */
  rollups: ReadonlyMap<string, EntityEngine>;
  /** How their states are to be read. */
  layouts: Layouts;
}

/**
 * Makes definitions runnable.
 *
 * @throws Error when they cannot be meant, as `createEngine` does.
 */
export const compileDefinitions = (features: readonly Feature[]): Definitions => {
  const engines = new Map(entityEngines(features).map((each) => [each.entity, each]));
  const session = engines.get("session")?.engine ?? createEngine([]);
  engines.delete("session");
  const user = engines.get("user") ?? { entity: "user", engine: createEngine([]), idOf: entityId("user") };
  const rollups = new Map([["user", user], ...engines]);
  return {
    version: createHash("sha256").update(JSON.stringify(features)).digest("hex").slice(0, 12),
    session,
    rollups,
    layouts: Object.fromEntries([...rollups].map(([entity, { engine }]) => [entity, engine.layout])),
  };
};
