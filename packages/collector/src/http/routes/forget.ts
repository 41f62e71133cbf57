import { forgetAnonymousId } from "../../access/visitor-cookie.ts";
import { HttpError } from "../../errors.ts";
import type { RouteGroup } from "../route.ts";

/**
 * `POST /v1/forget?key=<public key>`: deletes the collector's cookie from the browser, when the visitor denies consent
 * or logs out. The request needs no preflight, so that a page can send it while it unloads.
 */
export const forgetRoutes: RouteGroup<"POST /v1/forget"> = () => ({
  "POST /v1/forget"(c, tenantOf) {
    const key = c.req.query("key");
    if (key === undefined) throw new HttpError("unauthorized", "Send `?key=<public key>`.");
    forgetAnonymousId(c, tenantOf(key).site);
    return c.body(null, 204);
  },
});
