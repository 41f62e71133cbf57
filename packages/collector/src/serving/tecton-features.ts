import { type Feature, type FeatureValue, type ValueKind, valueKindsOf } from "@tidemark/schema";
import { joinKeyOf, viewOf } from "@tidemark/schema/feature-store-names";
import { elementKindOf } from "@tidemark/schema/value-kind";
import { HttpError } from "../errors.ts";
import { absenceOf, setOfService, timestampOf } from "./feature-service.ts";
import { isVector, readVectors } from "./read-vectors.ts";
import type { Reader } from "./reader.ts";

/** The parts of the metadata that a request names. */
interface MetadataOptions {
  includeNames: boolean;
  includeDataTypes: boolean;
  includeEffectiveTimes: boolean;
  includeServingStatus: boolean;
}

/** Ids by join key. */
type JoinKeys = Readonly<Record<string, string | number>>;

/** A type of values in Tecton. */
type DataType = { type: "float64" | "string" | "boolean" } | { type: "array"; elementType: DataType };

/** The metadata of one feature. In a batch, `status` has that of each vector. */
interface FeatureMetadata {
  name?: string;
  dataType?: DataType;
  /** Time of the latest event; in a batch, the earliest of these times. */
  effectiveTime?: string;
  status?: string | string[] | undefined;
}

/** The features of a service. */
interface ServiceFeatures {
  vectors: { features: FeatureValue[] }[];
  metadata: { features: FeatureMetadata[] };
}

const FLOAT: DataType = { type: "float64" };
const STRING: DataType = { type: "string" };

const typeOfKind = (kind: ValueKind | undefined): DataType => {
  if (kind === "boolean") return { type: "boolean" };
  return kind === "string" || kind === "free" ? STRING : FLOAT;
};

const typeOfFeature = (feature: Feature | undefined, kind: ValueKind | undefined): DataType => {
  if (kind !== "list") return typeOfKind(kind);
  return { type: "array", elementType: typeOfKind(feature ? elementKindOf(feature) : "free") };
};

const valueOfType = (value: FeatureValue, dataType: DataType): FeatureValue => {
  if (dataType.type === "array" && Array.isArray(value))
    return dataType.elementType.type === "string" ? value.map(String) : value;
  return dataType.type === "string" && typeof value === "number" ? String(value) : value;
};

/**
 * Reads the features of a service as Tecton's feature server does: a list of values, in the order of the set, and metadata
 * by position.
 *
 * @param keys The join keys of each vector.
 * @param isBatch Whether the response has the statuses of several vectors.
 * @throws HttpError `not_found` for an unknown service; `invalid_body`; or `unavailable` if one entity cannot be read.
 */
export const readServiceFeatures = async (
  reader: Reader,
  service: string,
  keys: readonly JoinKeys[],
  options: MetadataOptions,
  isBatch: boolean,
): Promise<ServiceFeatures> => {
  const { tenant } = reader;
  const set = setOfService(tenant, service);
  const joinKey = joinKeyOf(set.entity);
  const reads = keys.map((each) => {
    const id = each[joinKey];
    if (id === undefined) throw new HttpError("invalid_body", `joinKeyMap: expected ${joinKey} for ${service}.`);
    return { entity: set.entity, id: String(id), selection: { features: set.features, set: set.served } };
  });
  const results = await readVectors(reader, reads);
  const statuses = results.map((result) => (absenceOf(result) === undefined ? "PRESENT" : "MISSING_DATA"));
  const times = results.filter(isVector).map(({ event_time }) => event_time);

  const kinds = valueKindsOf(tenant.features);
  const typed = set.features.map((name) => {
    const feature = tenant.features.find((each) => each.name === name);
    return { name, dataType: typeOfFeature(feature, kinds.get(name)) };
  });
  return {
    vectors: results.map((result) => ({
      features: typed.map(({ name, dataType }) =>
        isVector(result) ? valueOfType(result.features[name] ?? null, dataType) : null,
      ),
    })),
    metadata: {
      features: typed.map(({ name, dataType }) => ({
        ...(options.includeNames && { name: `${viewOf(set.entity)}.${name}` }),
        ...(options.includeDataTypes && { dataType }),
        ...(options.includeEffectiveTimes && times.length > 0 && { effectiveTime: timestampOf(Math.min(...times)) }),
        ...(options.includeServingStatus && { status: isBatch ? statuses : statuses[0] }),
      })),
    },
  };
};
