import {
  type AggregateFeature,
  capturedBy,
  defaultFeatures,
  defineGoal,
  type Feature,
  goalFeatures,
} from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation-order";
import { computationOf, windowOf } from "@tidemark/schema/feature-words";
import { signalsOf } from "@tidemark/schema/signals";

const featureNamed = (name: string): Feature | undefined => defaultFeatures.find((feature) => feature.name === name);

/**
 * The signals and calls that capture the events of a feature, and the enrichments that set the fields that it reads. Of a
 * derived feature: those of the features that it reads.
 */
const sourcesOf = (feature: Feature): readonly string[] => {
  if (isDerived(feature)) return featuresIn(feature.derive).flatMap((name) => sourcesOf(featureNamed(name) as Feature));
  const captured = feature.source === "any" ? [] : capturedBy(feature.source);
  const enrichments = signalsOf(feature as AggregateFeature).filter((name) => !captured.includes(`${name}()`));
  const names = [...captured, ...enrichments].map((name) => `\`${name}\``);
  return feature.source === "any" ? ["all events", ...names] : names;
};

const rowOf = (feature: Feature): string => {
  const { name, description, unit } = feature;
  const sources = [...new Set(sourcesOf(feature))].join(", ");
  const window = windowOf(feature);
  return `| \`${name}\` | ${description} | ${unit} | ${sources} | ${computationOf(feature)} | ${window} |`;
};

/** The goal of the docs. */
const purchase = defineGoal({
  name: "purchase",
  source: "custom",
  where: [{ field: "name", is: "eq", value: "purchase" }],
  value: "properties.price",
});

/** A Markdown table of the features of a goal: those of all goals together are the same as long as there is one. */
const goalTable = (): string =>
  [
    "| feature | entity | meaning | computed as |",
    "| --- | --- | --- | --- |",
    ...goalFeatures([purchase]).map(
      (feature) => `| \`${feature.name}\` | ${feature.entity} | ${feature.description} | ${computationOf(feature)} |`,
    ),
  ].join("\n");

/** A Markdown table of the default features of an entity, from their definitions; or of those of a goal. */
export const featuresTable = (entity: string): string => {
  if (entity === "goal") return goalTable();
  const rows = defaultFeatures.filter((feature) => feature.entity === entity).map((feature) => rowOf(feature));
  if (rows.length === 0) throw new Error(`<!-- features ${entity} -->: expected session, user, page or goal`);
  return [
    "| feature | meaning | unit | captured by | computed as | window |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
};
