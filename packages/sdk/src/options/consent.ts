import type { ConsentState } from "@tidemark/schema";

/** What a visitor is asked for. */
export interface Purposes {
  /** To capture behaviour, and to store and send what was captured. */
  measurement: ConsentState;
  /** To link behaviour to the user who is logged in, and to show the page the features computed from it. */
  personalisation: ConsentState;
}

/** One answer for both purposes, or one for each: what is left out stays as it is. */
export type ConsentAnswer = ConsentState | Partial<Purposes>;

/**
 * Whether the browser says no for the visitor: by Global Privacy Control (W3C), or, if the page heeds that, Do Not Track.
 */
export const browserDenies = (honoursDoNotTrack: boolean | undefined): boolean | undefined => {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return globalPrivacyControl || (honoursDoNotTrack && doNotTrack === "1");
};
