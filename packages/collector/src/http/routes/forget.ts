import { forgetAnonymousId } from "../../access/visitor-cookie.ts";
import { HttpError } from "../../errors.ts";
import type { RouteGroup } from "../route-group.ts";

/**
 * `POST /v1/forget?key=<public key>`: deletes the collector's cookie from the browser, when the visitor denies consent
 * or logs out. The request needs no preflight, so that a page can send it while it unloads.
 */
export const forgetRoutes: RouteGroup = (app, { lookup }) => {
  app.post("/v1/forget", (c) => {
    const key = c.req.query("key");
    if (key === undefined) throw new HttpError("unauthorized", "Send `?key=<public key>`.");
    forgetAnonymousId(c, lookup.byKey(key, c.req.header("origin")).site);
    return c.body(null, 204);
  });
};
