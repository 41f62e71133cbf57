import type { View } from "@tidemark/schema";

/** The host of a URL with its port, without `www.`; `undefined` for a URL without a host. */
const hostOf = (url: string): string | undefined => /^[^:/?#]+:\/\/(?:www\.)?([^/?#]*)/i.exec(url)?.[1]?.toLowerCase();

const externalReferrerOf = ({ url, referrer }: View): string | undefined =>
  referrer && hostOf(referrer) !== hostOf(url) ? referrer : undefined;

/**
 * Creates a function that returns the referrer of a page view, unless it has the host of the page itself. It is fast for
 * successive events of the same page view.
 */
export const createReferrerReader = (): ((view: View | undefined) => string | undefined) => {
  let latest: View | undefined;
  let referrer: string | undefined;
  return (view) => {
    if (view !== latest) {
      latest = view;
      referrer = view && externalReferrerOf(view);
    }
    return referrer;
  };
};
