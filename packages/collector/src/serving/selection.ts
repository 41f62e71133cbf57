import { featuresOf } from "@tidemark/schema/entities";
import { abbreviated } from "../abbreviated.ts";
import { setNamed } from "../config.ts";
import { HttpError } from "../errors.ts";
import type { Selection } from "../selected.ts";
import type { Tenant } from "../tenants.ts";
import { expectEntity } from "./expect-entity.ts";

/** The parameters that name a part of a vector. */
interface SelectionParameters {
  /** Name of a set for its highest version, or name and version: `purchase_intent:2`. */
  set?: string | undefined;
  /** Names of features. */
  features?: readonly string[] | undefined;
}

const quoted = (text: string): string => JSON.stringify(abbreviated(text));

const selectionOfSet = ({ featureSets }: Tenant, entity: string, given: string): Selection | string => {
  const own = featureSets.filter((set) => set.entity === entity);
  const named = setNamed(own, given);
  if (named) return { features: named.features, set: named.served };
  const sets = own.map((set) => `${set.name}:${set.version}`).join(", ") || "none, since the site has no set of it";
  return `set: ${entity} has no set ${quoted(given)}; expected ${sets}.`;
};

/** Number of letters with which both names begin. */
const sharedLetters = (a: string, b: string): number => {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count += 1;
  return count;
};

/** The known name that begins most like a misspelt one. */
const likeliest = (misspelt: string, known: Iterable<string>): string | undefined =>
  [...known].sort((a, b) => sharedLetters(misspelt, b) - sharedLetters(misspelt, a))[0];

const selectionOfFeatures = (tenant: Tenant, entity: string, given: readonly string[]): Selection | string => {
  const predictions = entity === "session" ? tenant.models.filter(({ when }) => when === "on_change") : [];
  const known = new Set([
    ...featuresOf(tenant.features, entity).map(({ name }) => name),
    ...predictions.map(({ name }) => `prediction.${name}`),
  ]);
  const unknown = given.find((name) => !known.has(name));
  if (given.length > 0 && unknown === undefined) return { features: [...new Set(given)] };
  const example = likeliest(unknown ?? "", known);
  return `features: ${entity} has no feature ${quoted(unknown ?? "")}; expected names of its features, such as ${example}.`;
};

/**
 * The part of an entity's vector that parameters name; `undefined` for all of it.
 *
 * @param code The error code of invalid parameters.
 * @throws HttpError that names the parameter, and lists the sets of the entity for an unknown one; or `not_found` for an
 * entity without features.
 */
export const selectionOf = (
  tenant: Tenant,
  entity: string,
  { set, features }: SelectionParameters,
  code: "invalid_query" | "invalid_body",
): Selection | undefined => {
  expectEntity(tenant, entity);
  if (set !== undefined && features !== undefined)
    throw new HttpError(code, "features: expected either set or features; given both.");
  const selection =
    (set !== undefined && selectionOfSet(tenant, entity, set)) ||
    (features !== undefined && selectionOfFeatures(tenant, entity, features)) ||
    undefined;
  if (typeof selection === "string") throw new HttpError(code, selection);
  return selection;
};
