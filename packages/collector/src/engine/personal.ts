import type { Consent } from "@tidemark/schema";

/** Whether behaviour may be linked to its user: unless the visitor was asked, and has not said yes. */
export const isPersonal = (consent: Consent | undefined): boolean =>
  consent === undefined || consent.personalisation === "granted";
