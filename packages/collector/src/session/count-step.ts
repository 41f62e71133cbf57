import type { ReactionPayload } from "@tidemark/schema/log";
import type { Meter } from "../metrics/meter.ts";

/** A step of a reaction as the metrics count it. */
export interface CountedStep extends Pick<ReactionPayload, "reaction" | "arm" | "step"> {
  /** The goals that the session has not reached, for its first firing of the reaction; absent for any other step. */
  open_goals?: string[];
}

/** Counts a step of a reaction. */
export const countStep = (
  meter: Pick<Meter, "count">,
  site: string,
  { reaction, arm, step, open_goals = [] }: CountedStep,
): void => {
  meter.count("tidemark_reactions_total", { site, reaction, arm, step }, 1);
  for (const goal of open_goals) meter.count("tidemark_lift_sessions_total", { site, reaction, arm, goal }, 1);
};
