import { bulkPrediction, predictionRead } from "@tidemark/schema";
import { DEFAULT_DEADLINE_MS } from "@tidemark/schema/limits";
import { HttpError } from "../../errors.ts";
import { listModels } from "../../serving/model-states.ts";
import { type PredictionReader, predictMany, predictOne } from "../../serving/predictions.ts";
import type { Tenant } from "../../tenants.ts";
import { expectDecodable } from "../decodable.ts";
import { readOwnSession } from "../own-session.ts";
import { readQuery } from "../query.ts";
import { readBody } from "../read-body.ts";
import type { RouteContext, RouteGroup } from "../route.ts";

/** The models of a site, and their predictions. */
export const predictionRoutes: RouteGroup<
  "GET /v1/models" | "POST /v1/predict/:model" | "POST /v1/predict/:model/:entity/:id"
> = ({ records, meter }) => {
  const readerOf = (c: RouteContext, tenant: Tenant, page?: { secret: string }): PredictionReader => ({
    ...{ env: c.env, tenant, records, meter },
    waitUntil: (work) => c.executionCtx.waitUntil(work),
    ...(page ? { caller: "page", ...page } : { caller: "server" }),
  });

  return {
    async "GET /v1/models"(c, tenant) {
      readQuery(c, []);
      return c.json(await listModels(c.env, tenant));
    },

    async "POST /v1/predict/:model"(c, tenant) {
      expectDecodable(c);
      readQuery(c, []);
      const { read, deadline_ms = DEFAULT_DEADLINE_MS } = await readBody(c.req.raw, bulkPrediction);
      return c.json(await predictMany(readerOf(c, tenant), c.req.param("model"), read, deadline_ms));
    },

    async "POST /v1/predict/:model/:entity/:id"(c, grant) {
      expectDecodable(c);
      readQuery(c, []);
      const { model, entity, id } = c.req.param();
      if (typeof grant === "object") return c.json(await predictOne(readerOf(c, grant), model, { entity, id }));
      const { key, session_secret: secret } = await readBody(c.req.raw, predictionRead);
      if (key === undefined || secret === undefined || entity !== "session")
        throw new HttpError(
          "unauthorized",
          "Send `Authorization: Bearer <read key>`. A page sends `key` and `session_secret`, for its own session.",
        );
      const reader = readerOf(c, grant(key), { secret });
      const vector = await readOwnSession(c, reader, id);
      return c.json(await predictOne(reader, model, { entity, id }, vector));
    },
  };
};
