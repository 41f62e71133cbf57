import { type Feature, lifetime } from "@tidemark/schema";
import { compileFeatures } from "../../src/compile-features.ts";
import { type EntityKey, entityKey } from "../../src/entities/push.ts";

/** The number of clicks on a page. */
export const clicks: Feature = {
  name: "clicks",
  description: "D.",
  unit: "count",
  entity: "page",
  source: "click",
  aggregate: { type: "count" },
  window: lifetime(),
};

/** The compiled definitions of {@link clicks} alone. */
export const definitions = compileFeatures([clicks]);

/** The key of a numbered page. */
export const pageKey = (page: number): EntityKey => entityKey("page", `/${page}`);
