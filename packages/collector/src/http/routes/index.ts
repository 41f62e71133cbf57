import type { Routes } from "../routes.ts";
import { eventRoutes } from "./events.ts";
import { featureRoutes } from "./features.ts";
import { forgetRoutes } from "./forget.ts";
import { healthRoutes } from "./health.ts";
import { metricsRoutes } from "./metrics.ts";

/** All routes, in the order in which they are tried. */
export const routes: readonly Routes[] = [eventRoutes, featureRoutes, forgetRoutes, healthRoutes, metricsRoutes];
