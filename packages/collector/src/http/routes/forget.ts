import { forgetAnonymousId } from "../../access/visitor-cookie.ts";
import { HttpError } from "../../errors.ts";
import type { RouteGroup } from "../route-group.ts";

/**
 * `POST /v1/forget?key=<site key>`: the browser forgets the id that the collector keeps in it, when the visitor denies consent
 * or logs out. A request that needs no preflight, so that it may be a page's last.
 */
export const forgetRoutes: RouteGroup = (app, { lookup }) => {
  app.post("/v1/forget", (c) => {
    const key = c.req.query("key");
    if (key === undefined) throw new HttpError("unauthorized", "Send `?key=<public key>`.");
    forgetAnonymousId(c, lookup.byKey(key, c.req.header("origin")).site);
    return c.body(null, 204);
  });
};
