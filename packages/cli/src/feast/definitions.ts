import { servedSet } from "@tidemark/collector/definition-version";
import type { Feature, FeatureSet } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresInSet, featuresOf } from "@tidemark/schema/entities";
import { joinKeyOf, serviceOf, viewOf } from "@tidemark/schema/feature-store-names";
import { type ValueKind, valueKindsOf } from "@tidemark/schema/value-kind";
import { dataPath, type FeastSite } from "./feast-site.ts";
import { feastTypeOf } from "./feast-type.ts";

/** A text as a literal of Python, which accepts those of JSON. */
const literal = (text: string): string => JSON.stringify(text);

const fieldCode = (feature: Feature, kinds: ReadonlyMap<string, ValueKind>): string => {
  const { name, description, unit } = feature;
  const type = feastTypeOf(feature, kinds.get(name)).python;
  return `        Field(name=${literal(name)}, dtype=${type}, description=${literal(description)}, tags={"unit": ${literal(unit)}}),`;
};

const entityCode = (site: FeastSite, name: string, kinds: ReadonlyMap<string, ValueKind>): string =>
  `${name}_entity = Entity(name="${name}", join_keys=["${joinKeyOf(name)}"], value_type=ValueType.STRING)
${name}_log = FileSource(
    name="${name}_log",
    path="${dataPath(name)}",
    timestamp_field="event_timestamp",
    created_timestamp_column="created",
)
${name}_push = PushSource(name="${name}_push", batch_source=${name}_log)
${viewOf(name)} = FeatureView(
    name="${viewOf(name)}",
    entities=[${name}_entity],
    ttl=timedelta(days=${site.daysToLive[name] ?? 0}),
    schema=[
${featuresOf(site.features, name)
  .map((feature) => fieldCode(feature, kinds))
  .join("\n")}
    ],
    source=${name}_push,
    online=True,
)`;

const serviceCode = (site: FeastSite, set: FeatureSet, name: string): string => {
  const { version, hash } = servedSet(set, site.features);
  // Predictions of models are served only: no source of a view has them.
  const names = featuresInSet(set, site.features).map((feature) => feature.name);
  return `service_${name} = FeatureService(
    name="${name}",
    features=[${viewOf(set.entity)}[[${names.map(literal).join(", ")}]]],
    tags={"tidemark_set": "${set.name}", "tidemark_version": "${version}", "tidemark_hash": "${hash}"},
)`;
};

/** A service for each version of each set, and one with the name of the set for its highest version. */
const servicesCode = (site: FeastSite): string[] =>
  site.featureSets.flatMap((set) => {
    const versions = site.featureSets.filter(({ name }) => name === set.name).map(({ version }) => version);
    const own = serviceCode(site, set, serviceOf(set));
    return set.version === Math.max(...versions) ? [own, serviceCode(site, set, set.name)] : [own];
  });

/** The definitions of a site's features in Python: entities, sources, views and services. */
export const definitionsCode = (site: FeastSite): string => {
  const kinds = valueKindsOf(site.features);
  const entities = entitiesIn(site.features).map((entity) => entityNameOf({ entity }));
  return `"""Features of the site ${site.id}. \`tidemark feast export\` writes this file: do not change it."""

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, ValueType
from feast.types import Array, Bool, Float64, String  # noqa: F401

${[...entities.map((name) => entityCode(site, name, kinds)), ...servicesCode(site)].join("\n\n")}
`;
};

/** The configuration of a repository on one machine. */
export const storeCode = (site: string): string => `project: tidemark_${site.replaceAll("-", "_")}
registry: registry.db
provider: local
online_store:
  type: sqlite
  path: online.db
offline_store:
  type: file
entity_key_serialization_version: 3
auth:
  type: no_auth
`;
