import { bearerOf, hasSecret, isSecret } from "../../access/keys.ts";
import { allMetrics } from "../../env.ts";
import { HttpError } from "../../errors.ts";
import { EXPOSITION_TYPE, expose } from "../../metrics/exposition.ts";
import { addSamples, type Samples } from "../../metrics/families.ts";
import type { RouteGroup } from "../route-group.ts";

/** `GET /metrics`: the deployment's metrics for Prometheus. */
export const metricsRoutes: RouteGroup = (app, { config: { adminKeySecret } }) => {
  app.get("/metrics", async (c) => {
    if (!hasSecret(c.env, adminKeySecret))
      throw new HttpError(
        "not_found",
        `/metrics is disabled until the admin key is set: run wrangler secret put ${adminKeySecret}, or add a line to .dev.vars.`,
      );
    if (!(await isSecret(c.env, adminKeySecret, bearerOf(c))))
      throw new HttpError(
        "unauthorized",
        `Send \`Authorization: Bearer <admin key>\`: the value of the secret ${adminKeySecret}.`,
      );
    c.header("cache-control", "no-store");
    const sums: Samples = {};
    for (const samples of await Promise.all(allMetrics(c.env).map((each) => each.read()))) addSamples(sums, samples);
    return c.body(expose(sums), 200, { "content-type": EXPOSITION_TYPE });
  });
};
