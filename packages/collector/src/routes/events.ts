import { Hono } from "hono";
import { readJson } from "../door/read-body.ts";
import type { Sites } from "../door/sites.ts";
import { ingest } from "../ingest/ingest.ts";
import type { Meter } from "../metrics/meter.ts";
import type { Env } from "../session/address.ts";

/** `POST /v1/events`: a batch in, a verdict on each of its events out. */
export const eventRoutes = (sites: Sites, meter: Meter) =>
  new Hono<{ Bindings: Env }>().post("/v1/events", async (c) => {
    const receivedAt = Date.now();
    const body = await readJson(c.req.raw);
    return c.json(await ingest(body, { sites, origin: c.req.header("origin"), receivedAt, env: c.env, meter }));
  });
