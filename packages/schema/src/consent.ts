import { z } from "zod";
import { CONSENT_STATES } from "./limits.ts";

export type { ConsentState } from "./limits.ts";

/**
 * A visitor's answers as a batch carries them: only where the page states an answer. Without consent to be measured there is
 * no batch, so that purpose is granted or nothing is said.
 */
export const consent = z
  .strictObject({
    measurement: z.literal("granted").describe("To capture and store behaviour. What is not granted is not sent."),
    personalisation: z
      .enum(CONSENT_STATES)
      .describe("To link behaviour to the user, and to show the page the features computed from it."),
  })
  .describe("The visitor's explicit answer, by purpose. Absent where the site never asked.");

/** A visitor's answers, by purpose. */
export type Consent = z.infer<typeof consent>;
