import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import type { Tenant } from "../tenants.ts";

/** Expects an entity with features. @throws HttpError `not_found` that lists the entities of the site. */
export const expectEntity = ({ definitions: { rollups } }: Tenant, entity: string): void => {
  const defined = ["session", ...rollups.keys()];
  if (defined.includes(entity)) return;
  const name = JSON.stringify(abbreviated(entity));
  throw new HttpError("not_found", `No feature is defined for ${name}; expected one of ${defined.join(", ")}.`);
};
