/** The limits of the contract, for a collector whose sessions close soon. */
export * from "../../../packages/schema/src/limits.ts";

/** Time without an event after which a session closes, in milliseconds. */
export const SESSION_IDLE_MS = 15_000;
