import { EXPOSITION_TYPE, expose } from "../../metrics/exposition.ts";
import { readSamples } from "../../monitor/read-samples.ts";
import type { RouteGroup } from "../route.ts";

/** `GET /metrics`: the deployment's metrics for Prometheus. */
export const metricsRoutes: RouteGroup<"GET /metrics"> = ({ tenants }) => ({
  async "GET /metrics"(c) {
    c.header("cache-control", "no-store");
    return c.body(expose(await readSamples(c.env, tenants)), 200, { "content-type": EXPOSITION_TYPE });
  },
});
