import type { Deployment, Handlers } from "../route.ts";
import { alertRoutes } from "./alerts.ts";
import { bulkFeatureRoutes } from "./bulk-features.ts";
import { contextRoutes } from "./context.ts";
import { entityRoutes } from "./entities.ts";
import { eventRoutes } from "./events.ts";
import { feastRoutes } from "./feast.ts";
import { featureRoutes } from "./features.ts";
import { followRoutes } from "./follow.ts";
import { forgetRoutes } from "./forget.ts";
import { healthRoutes } from "./health.ts";
import { logRoutes } from "./log.ts";
import { mcpRoutes } from "./mcp.ts";
import { metricsRoutes } from "./metrics.ts";
import { predictionRoutes } from "./predictions.ts";
import { rebuildRoutes } from "./rebuild.ts";
import { sinkRoutes } from "./sinks.ts";
import { streamRoutes } from "./stream.ts";
import { tectonRoutes } from "./tecton.ts";

/** Creates the handlers of all routes. */
export const createHandlers = (deployment: Deployment): Handlers => ({
  ...eventRoutes(deployment),
  ...forgetRoutes(deployment),
  ...featureRoutes(deployment),
  ...bulkFeatureRoutes(deployment),
  ...followRoutes(deployment),
  ...streamRoutes(deployment),
  ...contextRoutes(deployment),
  ...entityRoutes(deployment),
  ...feastRoutes(deployment),
  ...tectonRoutes(deployment),
  ...predictionRoutes(deployment),
  ...mcpRoutes(deployment),
  ...logRoutes(deployment),
  ...metricsRoutes(deployment),
  ...rebuildRoutes(deployment),
  ...sinkRoutes(deployment),
  ...alertRoutes(deployment),
  ...healthRoutes(deployment),
});
