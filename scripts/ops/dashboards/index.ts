import { business } from "./business.ts";
import type { DashboardSource } from "./dashboard.ts";
import { dataQuality } from "./data-quality.ts";
import { features } from "./features.ts";
import { models } from "./models.ts";
import { pipeline } from "./pipeline.ts";

/** The dashboards. */
export const dashboards: readonly DashboardSource[] = [pipeline, dataQuality, features, models, business];
