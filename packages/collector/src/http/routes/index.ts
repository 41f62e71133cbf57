import type { Deployment, Handlers } from "../route.ts";
import { eventRoutes } from "./events.ts";
import { featureRoutes } from "./features.ts";
import { forgetRoutes } from "./forget.ts";
import { healthRoutes } from "./health.ts";
import { logRoutes } from "./log.ts";
import { metricsRoutes } from "./metrics.ts";
import { rebuildRoutes } from "./rebuild.ts";

/** Creates the handlers of all routes. */
export const createHandlers = (deployment: Deployment): Handlers => ({
  ...eventRoutes(deployment),
  ...forgetRoutes(deployment),
  ...featureRoutes(deployment),
  ...logRoutes(deployment),
  ...metricsRoutes(deployment),
  ...rebuildRoutes(deployment),
  ...healthRoutes(deployment),
});
