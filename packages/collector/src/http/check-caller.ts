import { expectAdmin } from "../access/admin.ts";
import { serverKeyOf } from "../access/keys.ts";
import type { Caller } from "../access/route-access.ts";
import type { TenantLookup } from "../access/tenant-lookup.ts";
import { HttpError } from "../errors.ts";
import type { Tenant } from "../tenants.ts";
import type { Grants, RouteContext } from "./route.ts";

/** The check of a request for each kind of caller. It throws an HttpError for any other caller. */
export type CallerChecks = { [C in Caller]: (c: RouteContext) => Grants[C] | Promise<Grants[C]> };

const readerOf = (c: RouteContext, lookup: TenantLookup): Promise<Tenant> => {
  const readKey = serverKeyOf(c);
  if (readKey !== undefined) return lookup.byReadKey(readKey, c.env);
  throw new HttpError(
    "unauthorized",
    "Send `Authorization: Bearer <read key>`. A page reads its own session with POST and the session's secret.",
  );
};

/** Creates the checks of a deployment. */
export const createCallerChecks = (lookup: TenantLookup, adminKeySecret: string): CallerChecks => {
  const pageOf = (c: RouteContext) => (key: string) => lookup.byKey(key, c.req.header("origin"));
  return {
    anyone: () => undefined,
    page: pageOf,
    server: (c) => readerOf(c, lookup),
    reader: (c) => (c.req.header("authorization") === undefined ? pageOf(c) : readerOf(c, lookup)),
    async operator(c) {
      await expectAdmin(c, adminKeySecret);
      return undefined;
    },
  };
};
