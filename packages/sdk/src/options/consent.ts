import type { ConsentState } from "@tidemark/schema";

/** The consent of a visitor to each purpose. */
export interface Purposes {
  /** Consent to capture behaviour, and to store and send it. */
  measurement: ConsentState;
  /** Consent to link behaviour to the logged-in user, and to give the page the features computed from it. */
  personalisation: ConsentState;
}

/** A value for both purposes, or one for each purpose. An omitted purpose keeps its value. */
export type ConsentAnswer = ConsentState | Partial<Purposes>;

/** Whether the browser denies consent for the visitor: by Global Privacy Control (W3C) or, if the site honours it, Do Not Track. */
export const browserDenies = (honoursDoNotTrack: boolean | undefined): boolean | undefined => {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return globalPrivacyControl || (honoursDoNotTrack && doNotTrack === "1");
};
