import { allMetrics } from "../../env.ts";
import { EXPOSITION_TYPE, expose } from "../../metrics/exposition.ts";
import { addSamples, type Samples } from "../../metrics/families.ts";
import type { RouteGroup } from "../route.ts";
import { sinkSamples } from "../sink-samples.ts";

/** `GET /metrics`: the deployment's metrics for Prometheus. */
export const metricsRoutes: RouteGroup<"GET /metrics"> = ({ tenants }) => ({
  async "GET /metrics"(c) {
    c.header("cache-control", "no-store");
    const sums: Samples = {};
    for (const samples of await Promise.all(allMetrics(c.env).map((each) => each.read()))) addSamples(sums, samples);
    addSamples(sums, await sinkSamples(c.env, tenants));
    return c.body(expose(sums), 200, { "content-type": EXPOSITION_TYPE });
  },
});
