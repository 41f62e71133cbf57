import type { VectorAnswer } from "@tidemark/schema";
import { type Context, Hono } from "hono";
import type { Site } from "../config.ts";
import { bearerOf } from "../door/keys.ts";
import { Refusal } from "../door/refusal.ts";
import type { Sites } from "../door/sites.ts";
import { type Env, sessionOf } from "../session/address.ts";

/** A server shows the site's read key; a page shows the public key and, by knowing its own session's id, who it is. */
const siteOf = (c: Context<{ Bindings: Env }>, sites: Sites): Promise<Site> | Site => {
  const bearer = bearerOf(c);
  if (bearer !== undefined) return sites.byReadKey(bearer, c.env);
  const key = c.req.query("key");
  if (key !== undefined) return sites.byKey(key, c.req.header("origin"));
  throw new Refusal(
    "unauthorized",
    "Send `Authorization: Bearer <read key>`, or from a page of the site `?key=<public key>`.",
  );
};

/** `GET /v1/features/session/{id}`: the vector, as of the last acknowledged event. */
export const featureRoutes = (sites: Sites) =>
  new Hono<{ Bindings: Env }>().get("/v1/features/session/:id", async (c) => {
    const site = await siteOf(c, sites);
    const id = c.req.param("id");
    const vector = await sessionOf(c.env, site.id, id).vector();
    if (!vector) throw new Refusal("not_found", `Site ${site.id} has no session ${JSON.stringify(id)}.`);
    c.header("cache-control", "no-store");
    return c.json({ entity: "session", id, ...vector } satisfies VectorAnswer);
  });
