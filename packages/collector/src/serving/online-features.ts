import type { FeatureValue } from "@tidemark/schema";
import { featuresOf } from "@tidemark/schema/entities";
import { joinKeyOf, viewOf } from "@tidemark/schema/feature-store-names";
import { MAX_BULK_READS } from "@tidemark/schema/limits";
import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import type { Selection } from "../selected.ts";
import type { Tenant } from "../tenants.ts";
import { entitiesOf } from "./expect-entity.ts";
import { absenceOf, setOfService, timestampOf } from "./feature-service.ts";
import { isVector, type ReadResult, readVectors } from "./read-vectors.ts";
import type { Reader } from "./reader.ts";

/** The request of `POST /get-online-features` of Feast's feature server. */
interface OnlineRequest {
  /** Ids by join key. Row `i` has the id `i` of each key. */
  entities: Record<string, readonly (string | number)[]>;
  /** Name of a feature service. It takes precedence over `features`. */
  feature_service?: string | null | undefined;
  /** Features as `<view>:<feature>`. */
  features?: readonly string[] | null | undefined;
  /** Whether names in the response begin with that of their view. */
  full_feature_names: boolean;
}

/** Statuses of values in Feast. A stored `null` is present. */
type FieldStatus = "PRESENT" | "NOT_FOUND" | "OUTSIDE_MAX_AGE";

/** One feature, or one join key, of all rows. */
interface Column {
  values: FeatureValue[];
  statuses: FieldStatus[];
  event_timestamps: string[];
}

/** The response of Feast's feature server: a column for each name. */
interface OnlineResponse {
  metadata: { feature_names: string[] };
  results: Column[];
}

/** A requested feature. */
interface FeatureRef {
  entity: string;
  feature: string;
}

const invalid = (message: string) => new HttpError("invalid_body", message);

const refIn = (tenant: Tenant, text: string): FeatureRef => {
  const [view = "", ...rest] = text.split(":");
  const feature = rest.join(":");
  const entity = entitiesOf(tenant).find((each) => viewOf(each) === view);
  if (entity === undefined) {
    const views = entitiesOf(tenant).map(viewOf).join(", ");
    throw invalid(`features: there is no view ${JSON.stringify(abbreviated(view))}; expected one of ${views}.`);
  }
  if (!featuresOf(tenant.features, entity).some(({ name }) => name === feature))
    throw invalid(`features: ${view} has no feature ${JSON.stringify(abbreviated(feature))}.`);
  return { entity, feature };
};

/**
 * The features of a request, and the selection of its service.
 *
 * @throws HttpError `not_found` for an unknown service, or `invalid_body`
 */
const refsIn = (
  tenant: Tenant,
  { feature_service, features }: OnlineRequest,
): { refs: FeatureRef[]; selection?: Selection } => {
  if (!feature_service) {
    if (!features?.length) throw invalid("features: expected at least one, or a feature_service.");
    return { refs: features.map((each) => refIn(tenant, each)) };
  }
  const { entity, features: names, served } = setOfService(tenant, feature_service);
  return { refs: names.map((feature) => ({ entity, feature })), selection: { features: names, set: served } };
};

/** The ids of an entity, one for each row. */
interface IdColumn {
  entity: string;
  /** The ids as the request has them. */
  values: readonly (string | number)[];
}

/** The ids of a request. @throws HttpError `invalid_body` */
const idColumnsIn = (tenant: Tenant, { entities }: OnlineRequest): IdColumn[] => {
  const byName = new Map(entitiesOf(tenant).flatMap((each) => [each, joinKeyOf(each)].map((name) => [name, each])));
  const columns = Object.entries(entities).map(([key, values]) => {
    const entity = byName.get(key);
    if (entity !== undefined) return { entity, values };
    const keys = entitiesOf(tenant).map(joinKeyOf).join(", ");
    throw invalid(`entities: there is no join key ${JSON.stringify(abbreviated(key))}; expected one of ${keys}.`);
  });
  if (new Set(columns.map(({ values }) => values.length)).size > 1)
    throw invalid("entities: expected lists of one length.");
  return columns;
};

const EPOCH = timestampOf(0);

const statusOf = (result: ReadResult): FieldStatus => {
  const absence = absenceOf(result);
  if (absence === undefined) return "PRESENT";
  return absence === "expired" ? "OUTSIDE_MAX_AGE" : "NOT_FOUND";
};

const columnOf = (feature: string, results: readonly ReadResult[]): Column => ({
  values: results.map((result) => (isVector(result) ? (result.features[feature] ?? null) : null)),
  statuses: results.map(statusOf),
  event_timestamps: results.map((result) => (isVector(result) ? timestampOf(result.event_time) : EPOCH)),
});

const keyColumn = (values: readonly (string | number)[]): Column => ({
  values: [...values],
  statuses: values.map(() => "PRESENT"),
  event_timestamps: values.map(() => EPOCH),
});

/**
 * Reads features as Feast's feature server does: by column, with a status for each value.
 *
 * @throws HttpError `invalid_body`; `not_found` for an unknown service; or `unavailable` if one entity cannot be read.
 */
export const readOnlineFeatures = async (reader: Reader, request: OnlineRequest): Promise<OnlineResponse> => {
  const { tenant } = reader;
  const { refs, selection } = refsIn(tenant, request);
  const names = refs.map(({ entity, feature }) =>
    request.full_feature_names ? `${viewOf(entity)}__${feature}` : feature,
  );
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw invalid(`features: ${abbreviated(twice)} is in two views or listed twice; set full_feature_names.`);

  const idColumns = idColumnsIn(tenant, request);
  const reads = [...new Set(refs.map(({ entity }) => entity))].flatMap((entity) => {
    const column = idColumns.find((each) => each.entity === entity);
    if (!column) throw invalid(`entities: expected ${joinKeyOf(entity)} for ${viewOf(entity)}.`);
    return column.values.map((id) => ({ entity, id: String(id), selection }));
  });
  if (reads.length > MAX_BULK_READS)
    throw invalid(`entities: expected at most ${MAX_BULK_READS} vectors; given ${reads.length}.`);

  const results = await readVectors(reader, reads);
  const resultsOf = (entity: string) => results.filter((_, index) => reads[index]?.entity === entity);
  return {
    metadata: { feature_names: [...idColumns.map(({ entity }) => joinKeyOf(entity)), ...names] },
    results: [
      ...idColumns.map(({ values }) => keyColumn(values)),
      ...refs.map(({ entity, feature }) => columnOf(feature, resultsOf(entity))),
    ],
  };
};
