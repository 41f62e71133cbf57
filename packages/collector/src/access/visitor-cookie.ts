import type { Envelope } from "@tidemark/schema";
import { COOKIE_MAX_AGE_S } from "@tidemark/schema/limits";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Site } from "../config.ts";
import { isAnonymousIdOf } from "./anonymous-ids.ts";

/** The name of a site's cookie. Sites that share a collector have different ones. */
const nameOf = (site: Site): string => `tm_id_${site.id}`;

/**
 * The cookie is for this host only, and not for scripts: browsers that limit the lifetime of script storage do not
 * limit it.
 */
const attributes = { path: "/v1", httpOnly: true, secure: true, sameSite: "Lax" } as const;

/**
 * Returns the anonymous id of a batch's browser. With the site's option `cookie` and stated consent, the id in the
 * cookie overrides the one in the batch, and a missing cookie is set to the batch's id. Both ids are equally untrusted:
 * anybody can invent one, and neither grants access to anything.
 */
export const anonymousIdOf = (c: Context, site: Site, { anonymous_id, consent }: Envelope): string => {
  if (!site.cookie || !consent) return anonymous_id;
  const fromCookie = getCookie(c, nameOf(site));
  if (fromCookie !== undefined && isAnonymousIdOf(site, fromCookie)) return fromCookie;
  setCookie(c, nameOf(site), anonymous_id, { ...attributes, maxAge: COOKIE_MAX_AGE_S });
  return anonymous_id;
};

/** Deletes the id from the browser. */
export const forgetAnonymousId = (c: Context, site: Site): void => {
  deleteCookie(c, nameOf(site), attributes);
};
