import { hashOf } from "./hash.ts";

let latestTab: string | undefined;
let latestView: string | undefined;
let latestKey = 0;

/**
 * Returns the key of a page view in its session: a 53-bit hash of its tab and its id, because two tabs can use the same
 * id. The key of the previous call is cached, since most features read the same page view.
 */
export const viewKey = (tabId: string, viewId: string): number => {
  if (tabId !== latestTab || viewId !== latestView) {
    // The length separates the two texts, which can contain any character.
    latestKey = hashOf(`${tabId.length} ${tabId}${viewId}`);
    latestTab = tabId;
    latestView = viewId;
  }
  return latestKey;
};
