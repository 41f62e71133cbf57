import type { Consent } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import type { Context } from "hono";
import type { Site } from "../config.ts";

/** Whether the browser asks with the request not to sell or share: https://www.w3.org/TR/gpc/#the-sec-gpc-header-field-for-http-requests */
export const hasGpc = (c: Context): boolean => c.req.header("sec-gpc") === "1";

/** The reason for which the site's policy refuses a visitor without stated consent; `undefined` when it does not. */
const denialReason = (site: Site, gpc: boolean): string | undefined => {
  if (site.requireConsent) return `site ${site.id} requires consent, and none was stated`;
  if (gpc && site.globalPrivacyControl !== "ignore")
    return "the browser sends Sec-GPC: 1 (Global Privacy Control), and no consent was stated that would go before it";
  return undefined;
};

/** A sentence that says why a batch is refused for lack of consent; `undefined` when it is accepted. */
export const measurementDenial = (site: Site, consent: Consent | undefined, gpc: boolean): string | undefined => {
  const why = consent ? undefined : denialReason(site, gpc);
  return (
    why &&
    `The visitor may not be measured: ${why}. Create the tracker with consent: "pending", and call tracker.consent("granted") when the visitor has agreed.`
  );
};

/** A sentence that says why a page may not read the features of its visitor's session; `undefined` when it may. */
export const featuresDenial = (site: Site, consent: Consent | undefined, gpc: boolean): string | undefined => {
  const why = consent
    ? !isPersonal(consent) && `personalisation is ${consent.personalisation}`
    : denialReason(site, gpc);
  return why
    ? `The page is not shown the session's features: ${why}. Call tracker.consent("granted") when the visitor has agreed.`
    : undefined;
};
