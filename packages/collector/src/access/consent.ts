import type { Consent } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import type { Context } from "hono";
import type { Site } from "../config.ts";

/**
 * Whether the request carries Global Privacy Control, a request not to sell or share data:
 * https://www.w3.org/TR/gpc/#the-sec-gpc-header-field-for-http-requests
 */
export const hasGpc = (c: Context): boolean => c.req.header("sec-gpc") === "1";

/** The reason for which the site's policy rejects a visitor without stated consent; `undefined` when it does not. */
const rejectionReason = (site: Site, gpc: boolean): string | undefined => {
  if (site.requireConsent) return `site ${site.id} requires consent, and none was stated`;
  if (gpc && site.globalPrivacyControl !== "ignore")
    return "the browser sends Sec-GPC: 1 (Global Privacy Control), and no stated consent overrides it";
  return undefined;
};

/** The error message for a batch without the required consent; `undefined` when the consent suffices. */
export const measurementRejection = (site: Site, consent: Consent | undefined, gpc: boolean): string | undefined => {
  const reason = consent ? undefined : rejectionReason(site, gpc);
  return (
    reason &&
    `The visitor may not be measured: ${reason}. Create the tracker with consent: "pending", and call tracker.consent("granted") when the visitor has agreed.`
  );
};

/** The error message for a page that may not read the features of its visitor's session; `undefined` when it may. */
export const featuresRejection = (site: Site, consent: Consent | undefined, gpc: boolean): string | undefined => {
  const reason = consent
    ? !isPersonal(consent) && `personalisation is ${consent.personalisation}`
    : rejectionReason(site, gpc);
  return reason
    ? `The page may not read the features of the session: ${reason}. Call tracker.consent("granted") when the visitor has agreed.`
    : undefined;
};
