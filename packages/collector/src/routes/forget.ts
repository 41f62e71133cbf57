import { Hono } from "hono";
import { Refusal } from "../door/refusal.ts";
import type { Sites } from "../door/sites.ts";
import { forgetAnonymousId } from "../door/visitor-cookie.ts";

/**
 * `POST /v1/forget?key=<site key>`: the browser forgets the id that the collector keeps in it, when the visitor denies consent
 * or logs out. A request that needs no preflight, so that it may be a page's last.
 */
export const forgetRoutes = (sites: Sites) =>
  new Hono().post("/v1/forget", (c) => {
    const key = c.req.query("key");
    if (key === undefined) throw new Refusal("unauthorized", "Send `?key=<public key>`.");
    forgetAnonymousId(c, sites.byKey(key, c.req.header("origin")));
    return c.body(null, 204);
  });
