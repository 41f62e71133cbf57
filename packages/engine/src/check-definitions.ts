import type { AggregateFeature, Feature, Window } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { aggregateTypes } from "./aggregates/index.ts";
import { displayed } from "./displayed.ts";

const windowTypes: Record<Window["type"], true> = {
  session: true,
  lifetime: true,
  tumbling: true,
  hopping: true,
  cumulative: true,
};

const isEntity = (entity: unknown): boolean => {
  if (typeof entity === "string") return ["session", "user", "page"].includes(entity);
  const { name, field } = (entity ?? {}) as { name?: unknown; field?: unknown };
  return typeof name === "string" && typeof field === "string";
};

/**
 * Checks the entities, the types of aggregates and the types of windows of definitions, for callers without types.
 * `parseFeatures` of `@tidemark/schema` checks the rest.
 *
 * @throws Error that names the feature, the field, the expected values and the given one.
 */
export const checkDefinitions = (features: readonly Feature[]): void => {
  if (!Array.isArray(features))
    throw new Error(`features: expected an array of definitions; given ${displayed(features)}`);
  features.forEach((feature: Partial<AggregateFeature> | null, index) => {
    const title = feature?.name ?? `number ${index + 1}`;
    const expect = (holds: boolean, field: string, expected: string, given: unknown): void => {
      if (!holds) throw new Error(`feature ${title}: ${field}: expected ${expected}; given ${displayed(given)}`);
    };
    const { entity, aggregate, window } = feature ?? {};
    expect(isEntity(entity), "entity", '"session", "user", "page" or { name, field }', entity);
    if (isDerived(feature as Feature)) return;
    const isAggregate = aggregateTypes.includes(String(aggregate?.type));
    expect(isAggregate, "aggregate.type", aggregateTypes.join(", "), aggregate?.type);
    const isWindow = Object.hasOwn(windowTypes, String(window?.type));
    expect(isWindow, "window.type", Object.keys(windowTypes).join(", "), window?.type);
  });
};
