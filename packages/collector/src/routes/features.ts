import type { RollupVectorAnswer, SessionVectorAnswer } from "@tidemark/schema";
import { type Context, Hono } from "hono";
import type { Site } from "../config.ts";
import type { Definitions } from "../definitions.ts";
import { hasGpc, whyNotShown } from "../door/consent.ts";
import { bearerOf } from "../door/keys.ts";
import { Refusal } from "../door/refusal.ts";
import type { Sites } from "../door/sites.ts";
import { readRollup } from "../rollup/read.ts";
import { type Env, sessionOf } from "../session/address.ts";

type Asking = Context<{ Bindings: Env }>;

/** The site whose read key a server shows; `undefined` when it shows none. */
const siteByReadKey = async (c: Asking, sites: Sites): Promise<Site | undefined> => {
  const bearer = bearerOf(c);
  return bearer === undefined ? undefined : sites.byReadKey(bearer, c.env);
};

/** The site whose public key a page shows; by knowing its own session's id it shows who it is. */
const siteByKey = (c: Asking, sites: Sites): Site | undefined => {
  const key = c.req.query("key");
  return key === undefined ? undefined : sites.byKey(key, c.req.header("origin"));
};

const nothingKnown = (site: Site, entity: string, id: string) =>
  new Refusal("not_found", `Site ${site.id} has no ${entity} ${JSON.stringify(id)}.`);

/** `GET /v1/features/{entity}/{id}`: the vector at the time of the call, as of the last acknowledged event. */
export const featureRoutes = (sites: Sites, definitions: Definitions) =>
  new Hono<{ Bindings: Env }>()
    .use("/v1/features/*", async (c, next) => {
      await next();
      c.header("cache-control", "no-store");
    })
    .get("/v1/features/session/:id", async (c) => {
      const reader = await siteByReadKey(c, sites);
      const site = reader ?? siteByKey(c, sites);
      if (!site) {
        const message = "Send `Authorization: Bearer <read key>`, or from a page of the site `?key=<public key>`.";
        throw new Refusal("unauthorized", message);
      }
      const id = c.req.param("id");
      const vector = await sessionOf(c.env, site.id, id).vector();
      if (!vector) throw nothingKnown(site, "session", id);
      const hidden = reader ? undefined : whyNotShown(site, vector.consent, hasGpc(c));
      if (hidden) throw new Refusal("no_consent", hidden);
      return c.json({ entity: "session", id, ...vector } satisfies SessionVectorAnswer);
    })
    .get("/v1/features/:entity/:id", async (c) => {
      const { entity, id } = c.req.param();
      const site = await siteByReadKey(c, sites);
      if (!site) {
        throw new Refusal(
          "unauthorized",
          "Send `Authorization: Bearer <read key>`: only a session is shown to its page.",
        );
      }
      if (!definitions.rollups.has(entity)) {
        const known = ["session", ...definitions.rollups.keys()].join(", ");
        throw new Refusal("not_found", `No feature is defined of ${JSON.stringify(entity)}; there are: ${known}.`);
      }
      const vector = await readRollup(c.env, definitions, { site: site.id, entity, id });
      if (!vector) throw nothingKnown(site, entity, id);
      return c.json({ entity, id, ...vector } satisfies RollupVectorAnswer);
    });
