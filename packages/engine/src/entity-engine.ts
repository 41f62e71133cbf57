import type { Entity, Feature } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { createEngine, type Engine, type StateLayout } from "./engine.ts";
import { entityId, type IdReader } from "./entity.ts";
import type { LatenessOptions } from "./lateness.ts";

/** An entity with the engine for its definitions. */
export interface EntityEngine {
  /** Name of the entity, as in routes and responses. */
  entity: string;
  engine: Engine;
  /** Returns the id of the entity that an event counts for; `undefined` when it counts for none. */
  idOf: IdReader;
}

/** Layouts of states, by the name of the entity. */
export type StateLayouts = Record<string, StateLayout>;

/** Creates the engine of one entity from its definitions, if any. @throws The errors of {@link createEngine}. */
export const entityEngine = (entity: Entity, features: readonly Feature[], options?: LatenessOptions): EntityEngine => {
  const name = entityNameOf({ entity });
  return { entity: name, engine: createEngine(featuresOf(features, name), options), idOf: entityId(entity) };
};

/** Creates the engine of each entity in the definitions, in the order in which the entities appear. */
export const entityEngines = (features: readonly Feature[], options?: LatenessOptions): EntityEngine[] =>
  entitiesIn(features).map((entity) => entityEngine(entity, features, options));

/** Returns the layout of each entity's states. */
export const layoutsOf = (engines: Iterable<EntityEngine>): StateLayouts =>
  Object.fromEntries([...engines].map(({ entity, engine }) => [entity, engine.layout]));
