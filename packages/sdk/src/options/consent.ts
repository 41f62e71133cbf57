import type { ConsentState } from "@tidemark/schema";
import { CONSENT_STATES } from "@tidemark/schema/limits";
import { navigator, Object } from "../platform.ts";

/** The consent of a visitor to each purpose. */
export interface Purposes {
  /** Consent to capture behaviour, and to store and send it. */
  measurement: ConsentState;
  /** Consent to link behaviour to the logged-in user, and to give the page the features computed from it. */
  personalisation: ConsentState;
}

/** A value for both purposes, or one for each purpose. An omitted purpose keeps its value. */
export type ConsentAnswer = ConsentState | Partial<Purposes>;

/**
 * The setting by which the browser denies consent for the visitor: Global Privacy Control (W3C) or, if the site honours it, Do Not
 * Track. `undefined` when it does not.
 */
export const browserDenial = (honoursDoNotTrack?: boolean): string | undefined => {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean };
  if (globalPrivacyControl) return "Global Privacy Control";
  return honoursDoNotTrack && doNotTrack === "1" ? "Do Not Track" : undefined;
};

/** The purposes of an answer, each with its value. A value that is unknown counts as `pending`. */
export const purposesOf = (answer: ConsentAnswer | undefined): Partial<Purposes> => {
  const purposes: Partial<Purposes> = {};
  for (const purpose of ["measurement", "personalisation"] as const) {
    const state = typeof answer === "string" ? answer : answer?.[purpose];
    if (state) purposes[purpose] = CONSENT_STATES.includes(state) ? state : "pending";
  }
  return purposes;
};

/** The names of the purposes that an answer denies. */
export const deniedBy = (answer: ConsentAnswer | undefined): string[] =>
  Object.entries(purposesOf(answer)).flatMap(([purpose, state]) => (state === "denied" ? purpose : []));
