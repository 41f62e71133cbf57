import { type Samples, sampleKey } from "../metrics/families.ts";
import type { ObjectClass } from "../metrics/waits.ts";
import type { Tenant } from "../tenants.ts";
import { withinTime } from "../within-time.ts";

/** Time after which the metrics leave out the sites whose objects have not responded, in milliseconds. */
const WITHIN_MS = 5_000;

/**
 * Time until this isolate calls objects again that have not responded, in milliseconds. Calls of a request that has ended
 * may never settle, so their end alone does not decide.
 */
const REPEAT_MS = 60_000;

/** The times at which objects did not respond, in UTC milliseconds, by the objects and their site. */
const unresponsive = new Map<string, number>();

/**
 * Reads samples of sites from their objects, and adds `tidemark_objects_unresponsive` of each site. A site whose objects fail,
 * or do not respond in time, has no other samples. Until such objects respond, they are called once a minute only, so that no
 * calls gather at them.
 *
 * @param object Class of the objects.
 */
export const readSites = async (
  object: ObjectClass,
  sites: readonly Tenant[],
  read: (tenant: Tenant) => Promise<Samples>,
): Promise<Samples> => {
  const samples: Samples = {};
  const waiting = new Set<string>();
  const failed = new Set<string>();
  const keyOf = (site: string) => `${object} ${site}`;
  const readSite = async (tenant: Tenant): Promise<void> => {
    const { id } = tenant.site;
    waiting.add(id);
    try {
      Object.assign(samples, await read(tenant));
    } catch (error) {
      failed.add(id);
      console.error(`the ${object} objects of site ${id} could not be read`, error);
    }
    waiting.delete(id);
    unresponsive.delete(keyOf(id));
  };
  const now = Date.now();
  const isDue = ({ site }: Tenant) => {
    const since = unresponsive.get(keyOf(site.id));
    // A later time was set before the clock was set back.
    return since === undefined || Math.abs(now - since) >= REPEAT_MS;
  };
  const due = sites.filter(isDue);
  if (due.length > 0) await withinTime(Promise.all(due.map(readSite)), WITHIN_MS);
  for (const id of waiting) {
    unresponsive.set(keyOf(id), Date.now());
    console.error(`the ${object} objects of site ${id} have not responded within ${WITHIN_MS / 1_000} s`);
  }
  const states = sites.map(({ site: { id: site } }) => {
    const isUnread = failed.has(site) || unresponsive.has(keyOf(site));
    return [sampleKey("tidemark_objects_unresponsive", { site, object }), isUnread ? 1 : 0];
  });
  // Those that respond later do not change samples that are in use.
  return { ...samples, ...Object.fromEntries(states) };
};
