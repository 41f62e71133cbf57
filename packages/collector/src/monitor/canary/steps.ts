/** The steps of a canary session, in their order. */
export const canarySteps = ["vector", "log", "sink"] as const;

/** A step of a canary session. */
export type CanaryStep = (typeof canarySteps)[number];
