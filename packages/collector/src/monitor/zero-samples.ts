import { type Samples, sampleKey } from "../metrics/families.ts";
import { countedGoals } from "../session/goals.ts";
import type { Tenant, Tenants } from "../tenants.ts";

/** The arms that a reaction can have. */
const armsOf = (holdout: number) => [
  ...(holdout < 1 ? (["treatment"] as const) : []),
  ...(holdout > 0 ? (["holdout"] as const) : []),
];

const zerosOf = (tenant: Tenant): string[] => {
  const { id: site } = tenant.site;
  const models = tenant.models.filter(({ when }) => when === "on_change");
  const ofGoals = countedGoals(tenant).flatMap(({ name: goal }) => [
    sampleKey("tidemark_goals_total", { site, goal }),
    ...models.flatMap(({ name: model, version }) => {
      const labels = { site, model, version, goal };
      return [
        sampleKey("tidemark_calibration_sessions_total", labels),
        sampleKey("tidemark_calibration_expected_total", labels),
        sampleKey("tidemark_calibration_observed_total", labels),
      ];
    }),
    ...tenant.reactions.flatMap(({ name: reaction, holdout }) =>
      armsOf(holdout).flatMap((arm) => {
        const labels = { site, reaction, arm, goal };
        return [sampleKey("tidemark_lift_sessions_total", labels), sampleKey("tidemark_lift_goals_total", labels)];
      }),
    ),
  ]);
  return [sampleKey("tidemark_sessions_total", { site }), ...ofGoals];
};

/**
 * The counters of sessions, goals, calibration and lift at 0. Prometheus counts no step from the absence of a counter to its
 * first value, so the first goal of a series would be in no increase.
 */
export const zeroSamples = (tenants: Tenants): Samples =>
  Object.fromEntries([...tenants.values()].flatMap((tenant) => zerosOf(tenant).map((key) => [key, 0])));
