import type { Entity, Feature } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { createEngine, type Engine, type StateLayout } from "./engine.ts";
import { entityId, type IdReader } from "./entity.ts";
import type { LatenessOptions } from "./lateness.ts";

/** An entity with its definitions made runnable. */
export interface EntityEngine {
  /** The entity's name, as it stands in routes and answers. */
  entity: string;
  engine: Engine;
  /** The id of the one that an event says something about; `undefined` when it says nothing. */
  idOf: IdReader;
}

/** Layouts of states by the name of their entity. */
export type StateLayouts = Record<string, StateLayout>;

/** The engine of one entity, with the definitions about it, of which there may be none. @throws Error as `createEngine` does. */
export const entityEngine = (entity: Entity, features: readonly Feature[], options?: LatenessOptions): EntityEngine => {
  const name = entityNameOf({ entity });
  return { entity: name, engine: createEngine(featuresOf(features, name), options), idOf: entityId(entity) };
};

/** The engine of each entity that definitions are about, in the order in which the entities appear. */
export const entityEngines = (features: readonly Feature[], options?: LatenessOptions): EntityEngine[] =>
  entitiesIn(features).map((entity) => entityEngine(entity, features, options));

/** The layout of the states of each entity. */
export const layoutsOf = (engines: Iterable<EntityEngine>): StateLayouts =>
  Object.fromEntries([...engines].map(({ entity, engine }) => [entity, engine.layout]));
