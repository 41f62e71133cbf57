import { Object } from "../platform.ts";

const CHANGE_VALUE =
  "change the value where the page captures the event, or in beforeSend, to what the message expects";
const UPDATE =
  "deploy a collector of this SDK's version, which is later. Or remove what beforeSend adds: the contract has no other names";

const FIXES: Record<string, string> = {
  unknown_key: "copy the site's public key from the tidemark.config.ts of the collector at this endpoint",
  origin_not_allowed: "add this page's origin to the site's origins in tidemark.config.ts, and deploy the collector",
  no_consent:
    'create the tracker with consent: "pending", and call tracker.consent("granted") when the visitor has agreed',
  foreign_session: "pass a sessionId that no other site uses",
  unknown_type: UPDATE,
  unknown_field: UPDATE,
  missing_field: CHANGE_VALUE,
  invalid_field: CHANGE_VALUE,
  not_an_object: CHANGE_VALUE,
  internal: "look for the error in the collector's log: it has a defect",
};

/** Returns the fix for a rejection with this code, as a sentence; `undefined` when no change of the site prevents it. Pure. */
export const fixOf = (code: string): string | undefined => (Object.hasOwn(FIXES, code) ? FIXES[code] : undefined);
