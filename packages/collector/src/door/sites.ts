import type { Site } from "../config.ts";
import { isSecret } from "./keys.ts";
import { Refusal } from "./refusal.ts";

const originPattern = (origin: string): RegExp =>
  new RegExp(`^${origin.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^./:]+")}$`, "i");

/** Finds the site that a request acts for, and refuses those that may not. */
export interface Sites {
  /**
   * The site with this public key.
   * @throws Refusal `unknown_key`, or `origin_not_allowed` when a page of a foreign origin uses it.
   */
  byKey(key: string, origin: string | undefined): Site;
  /** Whether pages of this origin belong to a site that keeps a cookie, and may bring it. */
  mayBringCookie(origin: string): boolean;
  /** The site whose read key this is. @throws Refusal `unauthorized`. */
  byReadKey(readKey: string, env: object): Promise<Site>;
}

/** The sites of a configuration. */
export const createSites = (sites: readonly Site[]): Sites => {
  const entries = new Map(sites.map((site) => [site.key, { site, origins: site.origins.map(originPattern) }]));
  const cookieOrigins = [...entries.values()].filter(({ site }) => site.cookie).flatMap(({ origins }) => origins);

  return {
    byKey(key, origin) {
      const entry = entries.get(key);
      if (!entry) {
        throw new Refusal(
          "unknown_key",
          `No site has the key ${JSON.stringify(key)}. Copy it from tidemark.config.ts.`,
        );
      }
      if (origin !== undefined && !entry.origins.some((pattern) => pattern.test(origin))) {
        throw new Refusal(
          "origin_not_allowed",
          `The origin ${origin} is not among the origins of site ${entry.site.id}. Add it in tidemark.config.ts.`,
        );
      }
      return entry.site;
    },

    mayBringCookie: (origin) => cookieOrigins.some((pattern) => pattern.test(origin)),

    async byReadKey(readKey, env) {
      for (const site of sites) if (await isSecret(env, site.readKeySecret, readKey)) return site;
      throw new Refusal(
        "unauthorized",
        "The read key is wrong, or its secret is not set: wrangler secret put <readKeySecret>.",
      );
    },
  };
};
