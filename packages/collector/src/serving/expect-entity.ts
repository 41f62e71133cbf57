import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import type { Tenant } from "../tenants.ts";

/** The names of the entities that have features. */
export const entitiesOf = ({ definitions: { rollups } }: Tenant): string[] => ["session", ...rollups.keys()];

/** Expects an entity with features. @throws HttpError `not_found` that lists the entities of the site. */
export const expectEntity = (tenant: Tenant, entity: string): void => {
  const defined = entitiesOf(tenant);
  if (defined.includes(entity)) return;
  const name = JSON.stringify(abbreviated(entity));
  throw new HttpError("not_found", `No feature is defined for ${name}; expected one of ${defined.join(", ")}.`);
};
