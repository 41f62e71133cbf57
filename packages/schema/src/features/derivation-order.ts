import { entityNameOf } from "./entities.ts";
import type { DerivedFeature, Expression, Feature } from "./feature.ts";

/** Whether a feature is computed from others. */
export const isDerived = (feature: Feature): feature is DerivedFeature => "derive" in feature;

/** Names of the features that an expression reads. */
export const featuresIn = (expression: Expression): string[] => {
  if (typeof expression === "number") return [];
  if ("feature" in expression) return [expression.feature];
  const operands =
    "if" in expression
      ? [expression.if, expression.then, expression.else]
      : "of" in expression
        ? [expression.of]
        : [expression.left, expression.right];
  return operands.flatMap(featuresIn);
};

/**
 * The derived features, each after those it reads.
 *
 * @throws Error when two features share a name, one entity has two fields, or a derived feature reads an unknown one, one of
 * another entity, or in the end itself.
 */
export const derivationOrder = (features: readonly Feature[]): DerivedFeature[] => {
  const byName = new Map<string, Feature>();
  const entities = new Map<string, string>();
  for (const feature of features) {
    if (byName.has(feature.name)) throw new Error(`feature ${feature.name} is defined twice: give one another name`);
    byName.set(feature.name, feature);
    const [name, entity] = [entityNameOf(feature), JSON.stringify(feature.entity)];
    const known = entities.get(name) ?? entity;
    if (known !== entity) throw new Error(`feature ${feature.name}: entity ${name} is both ${known} and ${entity}`);
    entities.set(name, entity);
  }

  const ordered = new Set<DerivedFeature>();
  const visit = (feature: DerivedFeature, path: string[]): void => {
    if (ordered.has(feature)) return;
    const way = [...path, feature.name];
    for (const name of featuresIn(feature.derive)) {
      const read = byName.get(name);
      if (!read) throw new Error(`feature ${feature.name} is derived from ${name}, which is not defined`);
      if (entityNameOf(read) !== entityNameOf(feature)) {
        throw new Error(
          `feature ${feature.name} of entity ${entityNameOf(feature)} is derived from ${name} of entity ${entityNameOf(read)}; expected one of the same entity`,
        );
      }
      if (way.includes(name)) {
        const circle = [...way.slice(way.indexOf(name)), name];
        throw new Error(`feature ${name} is derived from itself: ${circle.join(" <- ")}`);
      }
      if (isDerived(read)) visit(read, way);
    }
    ordered.add(feature);
  };
  for (const feature of features) if (isDerived(feature)) visit(feature, []);
  return [...ordered];
};
