import { EXPOSITION_TYPES, expose } from "../../metrics/exposition.ts";
import { formatFor } from "../../metrics/negotiate.ts";
import { readSamples } from "../../monitor/read-samples.ts";
import type { RouteGroup } from "../route.ts";

/** `GET /metrics`: the deployment's metrics for Prometheus. */
export const metricsRoutes: RouteGroup<"GET /metrics"> = ({ tenants }) => ({
  async "GET /metrics"(c) {
    c.header("cache-control", "no-store");
    c.header("vary", "Accept", { append: true });
    const format = formatFor(c.req.header("accept"));
    const body = expose(await readSamples(c.env, tenants), format);
    return c.body(body, 200, { "content-type": EXPOSITION_TYPES[format] });
  },
});
