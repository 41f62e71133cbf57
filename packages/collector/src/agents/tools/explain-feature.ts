import { changesWithTime } from "@tidemark/engine";
import { toSql } from "@tidemark/engine/sql";
import { capturedBy, type Feature } from "@tidemark/schema";
import { featuresIn, isDerived, withReads } from "@tidemark/schema/derivation-order";
import { entityNameOf, modelOfFeature } from "@tidemark/schema/entities";
import { computationOf, windowOf } from "@tidemark/schema/feature-words";
import { z } from "zod";
import { abbreviated } from "../../abbreviated.ts";
import { HttpError } from "../../errors.ts";
import type { Tenant } from "../../tenants.ts";
import { defineTool } from "../tool.ts";

const dialects = ["duckdb", "spark", "flink"] as const;

/** The options of each dialect with which its query runs over the log as it is. */
const OPTIONS = {
  duckdb: { columns: true, asOf: "latest" },
  spark: { asOf: "latest" },
  flink: {},
} as const;

const FRESHNESS = {
  session: "A read has every event that the collector acknowledged before it.",
  others: "A read has the events of all sessions up to about a second before it.",
  timed: "The value also changes with time alone, and is that of the moment of the read.",
  still: "The value changes with events only.",
};

const definitionOf = (tenant: Tenant, name: string): Feature => {
  const feature = tenant.features.find((each) => each.name === name);
  if (feature) return feature;
  const model = modelOfFeature(name);
  if (model !== undefined)
    throw new HttpError(
      "not_found",
      `${JSON.stringify(abbreviated(name))} is the latest prediction of a model, not a feature of events. Call list_models.`,
    );
  throw new HttpError(
    "not_found",
    `Site ${tenant.site.id} has no feature ${JSON.stringify(abbreviated(name))}. Call list_feature_sets for the names.`,
  );
};

const sqlOf = (features: readonly Feature[], dialect: (typeof dialects)[number]): Record<string, string> => {
  try {
    return toSql(features, dialect, OPTIONS[dialect]);
  } catch (error) {
    throw new HttpError("invalid_body", `dialect: ${(error as Error).message}. Send another dialect.`);
  }
};

/** The tool that explains a feature. */
export const explainFeature = defineTool({
  name: "explain_feature",
  title: "Explain a feature",
  description:
    "Explains one feature: its meaning and unit, how it is computed in words and as SQL over the site's event log, which features and events it reads, the sets that contain it, and how fresh its value is.",
  input: z.strictObject({
    name: z.string().min(1).describe("Name of a feature, from list_feature_sets."),
    dialect: z.enum(dialects).default("duckdb").describe("Dialect of the SQL."),
  }),
  async run({ tenant }, { name, dialect }) {
    const feature = definitionOf(tenant, name);
    const reads = withReads(tenant.features, new Set([name]));
    const { description, unit, version = 1 } = feature;
    const entity = entityNameOf(feature);
    const captured = reads.flatMap((each) => (isDerived(each) || each.source === "any" ? [] : capturedBy(each.source)));
    const window = windowOf(feature);
    const sets = tenant.featureSets.filter(({ features }) => features.includes(name));
    const freshness = [
      entity === "session" ? FRESHNESS.session : FRESHNESS.others,
      changesWithTime({ feature: name }, reads) ? FRESHNESS.timed : FRESHNESS.still,
    ].join(" ");
    return {
      ...{ name, entity, description, unit, version, computed_as: computationOf(feature) },
      ...(window && { window }),
      ...(isDerived(feature) && { reads: [...new Set(featuresIn(feature.derive))] }),
      captured_by: [...new Set(captured)],
      sets: sets.map(({ name, version }) => `${name}:${version}`),
      definition_version: tenant.definitions.version,
      freshness,
      sql: { dialect, queries: sqlOf(reads, dialect) },
    };
  },
});
