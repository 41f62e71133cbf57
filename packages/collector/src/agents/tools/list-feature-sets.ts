import { featuresOf } from "@tidemark/schema/entities";
import { z } from "zod";
import { entitiesOf } from "../../serving/expect-entity.ts";
import { defineTool } from "../tool.ts";

/** The tool that lists the feature sets, the entities and the names of their features. */
export const listFeatureSets = defineTool({
  name: "list_feature_sets",
  title: "List feature sets",
  description:
    "Lists the site's feature sets with the meaning of each feature, and every kind of entity with the names of all its features. Call it first: get_features accepts these names, and explain_feature tells how one is computed.",
  input: z.strictObject({}),
  async run({ tenant }) {
    const { site, definitions, features, featureSets } = tenant;
    const byName = new Map(features.map((feature) => [feature.name, feature]));
    const meaningOf = (name: string) => {
      const feature = byName.get(name);
      if (!feature) return { name, description: "The latest prediction of a model.", unit: "number" };
      return { name, description: feature.description, unit: feature.unit };
    };
    return {
      site: site.id,
      definition_version: definitions.version,
      sets: featureSets.map(({ name, version, entity, features: names, served }) => ({
        ...{ name, version, entity, hash: served.hash },
        features: names.map(meaningOf),
      })),
      entities: entitiesOf(tenant).map((entity) => ({
        entity,
        features: featuresOf(features, entity).map(({ name }) => name),
      })),
    };
  },
});
