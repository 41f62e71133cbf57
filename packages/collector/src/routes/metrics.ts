import { Hono } from "hono";
import type { TidemarkConfig } from "../config.ts";
import { bearerOf, isSecret } from "../door/keys.ts";
import { Refusal } from "../door/refusal.ts";
import { EXPOSITION_TYPE, expose } from "../metrics/exposition.ts";
import { type Env, metricsOf } from "../session/address.ts";

/** `GET /metrics`: the deployment's figures for Prometheus. */
export const metricsRoutes = ({ adminKeySecret }: TidemarkConfig) =>
  new Hono<{ Bindings: Env }>().get("/metrics", async (c) => {
    if (!(await isSecret(c.env, adminKeySecret, bearerOf(c))))
      throw new Refusal(
        "unauthorized",
        `Send \`Authorization: Bearer <admin key>\`; its secret is set by: wrangler secret put ${adminKeySecret}.`,
      );
    c.header("cache-control", "no-store");
    return c.body(expose(await metricsOf(c.env).read()), 200, { "content-type": EXPOSITION_TYPE });
  });
