import type { Feature } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/derivation";
import { createEngine, type Engine } from "./engine.ts";
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

/** The engine of each entity that definitions are about, in the order in which the entities appear. */
export const entityEngines = (features: readonly Feature[], options?: LatenessOptions): EntityEngine[] =>
  entitiesIn(features).map((entity) => {
    const name = entityNameOf({ entity });
    return { entity: name, engine: createEngine(featuresOf(features, name), options), idOf: entityId(entity) };
  });
