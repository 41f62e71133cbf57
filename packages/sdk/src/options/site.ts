import { SITE_KEY } from "@tidemark/schema/keys";

/**
 * Whether a tracker can measure for this site key and collector endpoint; warns when it cannot. A wrong key would have every
 * batch refused, and a wrong endpoint would receive another site's events.
 */
export const isValidSite = (key: string, endpoint: string): boolean => {
  const isValid = SITE_KEY.test(key) && /^(https?:\/)?\//.test(endpoint);
  if (!isValid)
    console.warn(
      `[tidemark] nothing is measured: expected key "tm_<site>_…" and endpoint "https://…", not "${key}" and "${endpoint}"`,
    );
  return isValid;
};
