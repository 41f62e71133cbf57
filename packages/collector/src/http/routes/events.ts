import { hasGpc } from "../../access/consent.ts";
import { anonymousIdOf } from "../../access/visitor-cookie.ts";
import { ingest } from "../../ingest/ingest.ts";
import { createLimits } from "../../ingest/limits.ts";
import { readText } from "../read-body.ts";
import type { RouteGroup } from "../route.ts";

/** `POST /v1/events`: stores a batch, and returns its counts and rejected events. */
export const eventRoutes: RouteGroup<"POST /v1/events"> = ({ meter }) => {
  const limits = createLimits(meter);
  return {
    async "POST /v1/events"(c, tenantOf) {
      const receivedAt = Date.now();
      let bytes = 0;
      const body = await readText(c.req.raw, (size) => {
        bytes = size;
      });
      const response = await ingest(body, {
        tenantOf,
        gpc: hasGpc(c),
        anonymousIdOf: ({ site }, envelope) => anonymousIdOf(c, site, envelope),
        userAgent: c.req.header("user-agent"),
        receivedAt,
        bytes,
        env: c.env,
        meter,
        limits,
        address: c.req.header("cf-connecting-ip"),
        waitUntil: (work) => c.executionCtx.waitUntil(work),
      });
      return c.json(response);
    },
  };
};
