import { PUBLIC_KEY } from "@tidemark/schema/keys";

/**
 * Whether the site's public key and the collector's endpoint are valid. Warns if they are not: the collector rejects
 * every batch with a wrong key, and a wrong endpoint would send the site's events elsewhere.
 */
export const isValidSite = (key: string, endpoint: string): boolean => {
  const isValid = PUBLIC_KEY.test(key) && /^(https?:\/)?\//.test(endpoint);
  if (!isValid)
    console.warn(
      `[tidemark] nothing is measured: expected key "tm_<site>_…" and endpoint "https://…", got "${key}" and "${endpoint}"`,
    );
  return isValid;
};
