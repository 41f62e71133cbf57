import type { Meter } from "../metrics/meter.ts";
import type { ReachedGoal } from "./goals.ts";

/** Counts a goal that a session has reached, for its site, its models and its reactions. */
export const countGoal = (
  meter: Pick<Meter, "count">,
  site: string,
  { goal, models, reactions }: ReachedGoal,
): void => {
  meter.count("tidemark_goals_total", { site, goal }, 1);
  for (const [model, version] of models)
    meter.count("tidemark_calibration_observed_total", { site, model, version, goal }, 1);
  for (const [reaction, arm] of reactions) meter.count("tidemark_lift_goals_total", { site, reaction, arm, goal }, 1);
};
