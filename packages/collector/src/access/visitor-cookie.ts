import { type Envelope, envelope } from "@tidemark/schema";
import { COOKIE_MAX_AGE_S } from "@tidemark/schema/limits";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Site } from "../config.ts";

/** Sites that share a collector have a cookie each. */
const nameOf = (site: Site): string => `tm_id_${site.id}`;

/** Only for this host, and for no script: what caps the life of what scripts store does not touch it. */
const attributes = { path: "/v1", httpOnly: true, secure: true, sameSite: "Lax" } as const;

/**
 * The anonymous id of a batch's browser. Where the site keeps it in a cookie and the visitor's consent is stated, the cookie
 * has the last word, and one that does not exist yet is given the batch's id. An id in a cookie is trusted no more than one
 * in a batch, which anybody can make up too: it opens nothing.
 */
export const anonymousIdOf = (c: Context, site: Site, { anonymous_id, consent }: Envelope): string => {
  if (!site.cookie || !consent) return anonymous_id;
  const kept = envelope.shape.anonymous_id.safeParse(getCookie(c, nameOf(site)));
  if (kept.success) return kept.data;
  setCookie(c, nameOf(site), anonymous_id, { ...attributes, maxAge: COOKIE_MAX_AGE_S });
  return anonymous_id;
};

/** Makes the browser forget the id. */
export const forgetAnonymousId = (c: Context, site: Site): void => {
  deleteCookie(c, nameOf(site), attributes);
};
