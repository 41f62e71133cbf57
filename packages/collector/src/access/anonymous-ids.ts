import { BROWSER_ID, CLIENT_ID } from "@tidemark/schema/keys";
import type { Site } from "../config.ts";

/**
 * Whether a site accepts an id of a browser. Users and browsers share one namespace, in which no browser may pose as a
 * user. So a site that requires user tokens accepts ids of the SDK's form only, and no token vouches for such an id.
 */
export const isAnonymousIdOf = ({ requireUserToken }: Site, id: string): boolean =>
  (requireUserToken ? BROWSER_ID : CLIENT_ID).test(id);
