import type { Feature } from "@tidemark/schema";
import { compileFeatures, type Definitions } from "./compile-features.ts";
import type { Jurisdiction, Site, TidemarkConfig } from "./config.ts";

/** A site with its compiled features and its region. Each call carries one, so that the sites of a deployment may differ. */
export interface Tenant {
  site: Site;
  /** The site's own features, or the deployment's. */
  definitions: Definitions;
  /** The region of the site's objects; `undefined` for anywhere. */
  jurisdiction: Jurisdiction | undefined;
}

/** The tenants of a deployment, by the ids of their sites. */
export type Tenants = ReadonlyMap<string, Tenant>;

/**
 * Compiles the sites of a configuration: the deployment's features and jurisdiction, unless a site has its own. Sites that
 * share a list of features share what is compiled of it.
 */
export const createTenants = ({ sites, features, jurisdiction }: TidemarkConfig): Tenants => {
  const compiled = new Map<readonly Feature[], Definitions>();
  const definitionsOf = (own: readonly Feature[]): Definitions => {
    const definitions = compiled.get(own) ?? compileFeatures(own);
    compiled.set(own, definitions);
    return definitions;
  };
  return new Map(
    sites.map((site) => [
      site.id,
      {
        site,
        definitions: definitionsOf(site.features ?? features),
        jurisdiction: site.jurisdiction ?? jurisdiction,
      },
    ]),
  );
};

/** A site that the configuration does not have, or has no more. */
export class UnknownSiteError extends Error {
  override name = "UnknownSiteError";

  constructor(site: string) {
    super(`tidemark.config.ts: sites: there is no site ${JSON.stringify(site)}`);
  }
}

/** The tenant of a site. @throws UnknownSiteError when the configuration has no such site. */
export const tenantOf = (tenants: Tenants, site: string): Tenant => {
  const tenant = tenants.get(site);
  if (!tenant) throw new UnknownSiteError(site);
  return tenant;
};
