export { allMetrics } from "../../../packages/collector/src/env.ts";
export { createMeter } from "../../../packages/collector/src/metrics/meter.ts";
export { Metrics } from "../../../packages/collector/src/metrics/metrics.ts";
