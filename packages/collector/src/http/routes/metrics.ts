import { allMetrics } from "../../env.ts";
import { buildSamples } from "../../metrics/build.ts";
import { EXPOSITION_TYPES, expose } from "../../metrics/exposition.ts";
import { formatFor } from "../../metrics/negotiate.ts";
import { SeriesSums } from "../../metrics/series.ts";
import { callObject } from "../../metrics/waits.ts";
import type { RouteGroup } from "../route.ts";
import { sinkSamples } from "../sink-samples.ts";

/** `GET /metrics`: the deployment's metrics for Prometheus. */
export const metricsRoutes: RouteGroup<"GET /metrics"> = ({ tenants }) => ({
  async "GET /metrics"(c) {
    c.header("cache-control", "no-store");
    c.header("vary", "Accept", { append: true });
    const format = formatFor(c.req.header("accept"));
    const sums = new SeriesSums();
    sums.merge(buildSamples());
    const stored = Promise.all(allMetrics(c.env).map((each) => callObject("Metrics", () => each.read())));
    // First, because gauges under `other` would be added up.
    sums.merge(await sinkSamples(c.env, tenants));
    for (const samples of await stored) sums.merge(samples);
    return c.body(expose(sums.samples, format), 200, { "content-type": EXPOSITION_TYPES[format] });
  },
});
