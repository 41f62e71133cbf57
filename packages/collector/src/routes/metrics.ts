import { Hono } from "hono";
import type { TidemarkConfig } from "../config.ts";
import { bearerOf, hasSecret, isSecret } from "../door/keys.ts";
import { Refusal } from "../door/refusal.ts";
import { EXPOSITION_TYPE, expose } from "../metrics/exposition.ts";
import { type Env, metricsOf } from "../session/address.ts";

/** `GET /metrics`: the deployment's figures for Prometheus. */
export const metricsRoutes = ({ adminKeySecret }: TidemarkConfig) =>
  new Hono<{ Bindings: Env }>().get("/metrics", async (c) => {
    if (!hasSecret(c.env, adminKeySecret))
      throw new Refusal(
        "not_found",
        `/metrics is closed until the admin key is set: wrangler secret put ${adminKeySecret}, or a line in .dev.vars.`,
      );
    if (!(await isSecret(c.env, adminKeySecret, bearerOf(c))))
      throw new Refusal(
        "unauthorized",
        `Send \`Authorization: Bearer <admin key>\`: the value of the secret ${adminKeySecret}.`,
      );
    c.header("cache-control", "no-store");
    return c.body(expose(await metricsOf(c.env).read()), 200, { "content-type": EXPOSITION_TYPE });
  });
