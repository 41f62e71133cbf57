import type { ReactionPayload } from "@tidemark/schema/log";
import type { GeneratedVisit } from "../../src/visits/generate.ts";

/** The arms of reactions. */
export type ArmName = ReactionPayload["arm"];

/** The firing of a reaction in a visit, at its decision. */
export const firingOf = (
  { decision, records }: GeneratedVisit,
  arm: ArmName,
  changed: Partial<ReactionPayload> = {},
): ReactionPayload => {
  const before = records.map(({ event }) => event.time).filter((time) => time < decision.as_of);
  return {
    ...{ reaction: "offer_help", reaction_id: `${decision.id}/1`, step: "fired", entity: "session", id: decision.id },
    ...{ arm, time: decision.as_of, holdout: 0.5, to: ["page"], definition_version: "0" },
    ...{ rule: { op: "gt", left: { feature: "dwell_ms" }, right: 0 }, features: { dwell_ms: 1 }, predictions: {} },
    ...{ event_time: Math.max(...before), expires_at: decision.as_of + 60_000, ...changed },
  };
};

/** A later step of a firing. */
export const stepOf = (
  { reaction, reaction_id, entity, id, arm, time }: ReactionPayload,
  step: ReactionPayload["step"],
): ReactionPayload => ({ reaction, reaction_id, step, entity, id, arm, time: time + 100 });
