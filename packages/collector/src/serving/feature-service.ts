import { serviceOf } from "@tidemark/schema/feature-store-names";
import { abbreviated } from "../abbreviated.ts";
import { setNamed } from "../config.ts";
import { HttpError } from "../errors.ts";
import type { CompiledSet, Tenant } from "../tenants.ts";
import { isVector, type ReadResult } from "./read-vectors.ts";

/**
 * The set of a service: `purchase_intent` for its highest version, or `purchase_intent_v2`.
 *
 * @throws HttpError `not_found` that lists the services.
 */
export const setOfService = ({ featureSets }: Tenant, service: string): CompiledSet => {
  const latest = featureSets.some(({ name }) => name === service) ? setNamed(featureSets, service) : undefined;
  const set = latest ?? featureSets.find((each) => serviceOf(each) === service);
  if (set) return set;
  const given = JSON.stringify(abbreviated(service));
  const services = featureSets.map(serviceOf).join(", ") || "none, since the site has no feature set";
  throw new HttpError("not_found", `There is no feature service ${given}; expected ${services}.`);
};

/**
 * The reason why a read has no vector; `undefined` if it has one.
 *
 * @throws HttpError if the entity could not be read: a missing value would look like an unknown entity.
 */
export const absenceOf = (result: ReadResult): "unknown" | "expired" | undefined => {
  if (isVector(result)) return undefined;
  if (result?.code === "expired") return "expired";
  if (result?.code === "not_found" || result?.code === "foreign_session") return "unknown";
  throw result ?? new HttpError("unavailable", "An entity could not be read. Send the request again.");
};

/** An event time as other feature stores write it: RFC 3339, without a fraction of 0. */
export const timestampOf = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
