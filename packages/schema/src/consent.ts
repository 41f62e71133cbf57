import { z } from "zod";
import { CONSENT_STATES } from "./limits.ts";

export type { ConsentState } from "./limits.ts";

/**
 * A visitor's stated consent in a batch; absent unless the page states it. A client sends nothing without consent to
 * measurement, so `measurement` is always `granted`.
 */
export const consent = z
  .strictObject({
    measurement: z
      .literal("granted")
      .describe("Consent to capture and store behaviour. Always granted: a client sends nothing without this consent."),
    personalisation: z
      .enum(CONSENT_STATES)
      .describe("Consent to link behaviour to the user, and to show the session's features to the page."),
  })
  .describe("The visitor's answer for each purpose. Absent when the site never asked.");

/** A visitor's stated consent, by purpose. */
export type Consent = z.infer<typeof consent>;
