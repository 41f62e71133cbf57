import { Hono } from "hono";
import { hasGpc } from "../door/consent.ts";
import { readText } from "../door/read-body.ts";
import type { Sites } from "../door/sites.ts";
import { anonymousIdOf } from "../door/visitor-cookie.ts";
import { ingest } from "../ingest/ingest.ts";
import type { Meter } from "../metrics/meter.ts";
import type { Env } from "../session/address.ts";

/** `POST /v1/events`: a batch in, a verdict on each of its events out. */
export const eventRoutes = (sites: Sites, meter: Meter) =>
  new Hono<{ Bindings: Env }>().post("/v1/events", async (c) => {
    const receivedAt = Date.now();
    const body = await readText(c.req.raw);
    const answer = await ingest(body, {
      sites,
      origin: c.req.header("origin"),
      gpc: hasGpc(c),
      anonymousIdOf: (site, envelope) => anonymousIdOf(c, site, envelope),
      receivedAt,
      env: c.env,
      meter,
    });
    return c.json(answer);
  });
