import type { Selection } from "../selected.ts";
import { selectionOf } from "../serving/selection.ts";
import type { Tenant } from "../tenants.ts";
import { readQuery } from "./query.ts";
import type { RouteContext } from "./route.ts";

/** The part of a vector that parameters of a read name. @throws HttpError `invalid_query` */
export const selectedBy = (
  { set, features }: { set?: string; features?: string },
  tenant: Tenant,
  entity: string,
): Selection | undefined => selectionOf(tenant, entity, { set, features: features?.split(",") }, "invalid_query");

/**
 * The part of a vector that the query of a read names.
 *
 * @param others Parameters of the route in addition to `set` and `features`.
 * @throws HttpError `invalid_query`
 */
export const selectionIn = (
  c: RouteContext,
  tenant: Tenant,
  entity: string,
  others: readonly string[] = [],
): Selection | undefined => selectedBy(readQuery(c, ["set", "features", ...others]), tenant, entity);
