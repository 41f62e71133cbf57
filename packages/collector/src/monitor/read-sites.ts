import type { Samples } from "../metrics/families.ts";
import type { Tenant } from "../tenants.ts";
import { withinTime } from "../within-time.ts";

/** Time after which the metrics leave out the sites whose objects have not responded, in milliseconds. */
const WITHIN_MS = 5_000;

/**
 * Reads samples of sites from their objects. A site whose objects fail, or do not respond in time, has none.
 *
 * @param subject The objects, for the message of an error.
 */
export const readSites = async (
  subject: string,
  sites: readonly Tenant[],
  read: (tenant: Tenant) => Promise<Samples>,
): Promise<Samples> => {
  const samples: Samples = {};
  const readSite = async (tenant: Tenant): Promise<void> => {
    try {
      Object.assign(samples, await read(tenant));
    } catch (error) {
      console.error(`the ${subject} of site ${tenant.site.id} could not be read`, error);
    }
  };
  if (sites.length > 0) await withinTime(Promise.all(sites.map(readSite)), WITHIN_MS);
  // Those that respond later do not change samples that are in use.
  return { ...samples };
};
