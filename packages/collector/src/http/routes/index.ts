import type { RouteGroup } from "../route-group.ts";
import { eventRoutes } from "./events.ts";
import { featureRoutes } from "./features.ts";
import { forgetRoutes } from "./forget.ts";
import { healthRoutes } from "./health.ts";
import { logRoutes } from "./log.ts";
import { metricsRoutes } from "./metrics.ts";
import { rebuildRoutes } from "./rebuild.ts";

/** All routes, in the order in which they are tried. */
export const routes: readonly RouteGroup[] = [
  eventRoutes,
  featureRoutes,
  forgetRoutes,
  healthRoutes,
  logRoutes,
  metricsRoutes,
  rebuildRoutes,
];
