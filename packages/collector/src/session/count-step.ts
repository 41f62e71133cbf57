import type { ReactionPayload } from "@tidemark/schema/log";
import type { Meter } from "../metrics/meter.ts";

/** A step of a reaction as the metrics count it. */
export type CountedStep = Pick<ReactionPayload, "reaction" | "arm" | "step">;

/** Counts a step of a reaction. */
export const countStep = (meter: Pick<Meter, "count">, site: string, { reaction, arm, step }: CountedStep): void =>
  meter.count("tidemark_reactions_total", { site, reaction, arm, step }, 1);
