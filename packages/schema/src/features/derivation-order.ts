import { entityNameOf } from "./entities.ts";
import type { DerivedFeature, Expression, Feature } from "./feature.ts";

/** Whether an expression computes the feature from other features. */
export const isDerived = (feature: Feature): feature is DerivedFeature => "derive" in feature;

/** Names of the features that an expression reads, in order and with repetitions. */
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

/** The features of these names, with all features that they read, in the order of definition. */
export const withReads = (features: readonly Feature[], names: ReadonlySet<string>): Feature[] => {
  const needed = new Set<string>();
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const add = (name: string): void => {
    const feature = byName.get(name) as Feature;
    needed.add(name);
    if (isDerived(feature)) for (const read of featuresIn(feature.derive)) add(read);
  };
  for (const name of names) add(name);
  return features.filter(({ name }) => needed.has(name));
};

/**
 * Sorts the derived features so that each follows the features that it reads.
 *
 * @throws Error when two features share a name, one entity has two fields, or a derived feature reads an unknown
 * feature, a feature of another entity, or directly or indirectly itself.
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
    const nextPath = [...path, feature.name];
    for (const name of featuresIn(feature.derive)) {
      const read = byName.get(name);
      if (!read) throw new Error(`feature ${feature.name} is derived from ${name}, which is not defined`);
      if (entityNameOf(read) !== entityNameOf(feature)) {
        throw new Error(
          `feature ${feature.name} of entity ${entityNameOf(feature)} is derived from ${name} of entity ${entityNameOf(read)}; expected one of the same entity`,
        );
      }
      if (nextPath.includes(name)) {
        const cycle = [...nextPath.slice(nextPath.indexOf(name)), name];
        throw new Error(`feature ${name} is derived from itself: ${cycle.join(" <- ")}`);
      }
      if (isDerived(read)) visit(read, nextPath);
    }
    ordered.add(feature);
  };
  for (const feature of features) if (isDerived(feature)) visit(feature, []);
  return [...ordered];
};
