import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import type { Tenant, Tenants } from "../tenants.ts";
import { isSecret } from "./keys.ts";

/** The origins that a configured one stands for: `*` is one label of the host or, after a colon, the digits of a port. */
const originPattern = (origin: string): RegExp => {
  const escaped = origin.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/:\*$/, ":\\d{1,5}").replaceAll("*", "[^./:]+")}$`, "i");
};

/** Finds the tenant that a request acts for, and rejects unauthorised requests. */
export interface TenantLookup {
  /**
   * Returns the tenant whose site has this public key.
   *
   * @throws HttpError `unknown_key`, or `origin_not_allowed` for a page whose origin the site does not list.
   */
  byKey(key: string, origin: string | undefined): Tenant;
  /** Whether pages of this origin may send a cookie: they belong to a site with the option `cookie`. */
  maySendCookie(origin: string): boolean;
  /** Returns the tenant whose site has this read key. @throws HttpError `unauthorized`. */
  byReadKey(readKey: string, env: object): Promise<Tenant>;
}

/** Creates the lookup over the tenants of a deployment. */
export const createTenantLookup = (tenants: Tenants): TenantLookup => {
  const entries = new Map(
    [...tenants.values()].map((tenant) => [
      tenant.site.key,
      { tenant, origins: tenant.site.origins.map(originPattern) },
    ]),
  );
  const cookieOrigins = [...entries.values()].flatMap(({ tenant, origins }) => (tenant.site.cookie ? origins : []));

  return {
    byKey(key, origin) {
      const entry = entries.get(key);
      if (!entry) {
        throw new HttpError(
          "unknown_key",
          `No site has the key ${JSON.stringify(abbreviated(key))}. Copy it from tidemark.config.ts.`,
        );
      }
      const { tenant, origins } = entry;
      if (origin !== undefined && !origins.some((pattern) => pattern.test(origin))) {
        throw new HttpError(
          "origin_not_allowed",
          `The origin ${abbreviated(origin)} is not among the origins of site ${tenant.site.id}. Add it in tidemark.config.ts.`,
        );
      }
      return tenant;
    },

    maySendCookie: (origin) => cookieOrigins.some((pattern) => pattern.test(origin)),

    async byReadKey(readKey, env) {
      for (const tenant of tenants.values()) if (await isSecret(env, tenant.site.readKeySecret, readKey)) return tenant;
      throw new HttpError(
        "unauthorized",
        "No site has this read key. A collector on this machine prints its key at the start. Elsewhere the secret is set by wrangler secret put <readKeySecret>.",
      );
    },
  };
};
