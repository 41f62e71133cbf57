import { PUBLIC_KEY } from "@tidemark/schema/keys";
import { warn } from "../guard.ts";
import { origin, URL } from "../platform.ts";

/** The valid endpoints, in words. */
export const ENDPOINT_FORM =
  'a URL like https://collector.example or a path like /collector, without "/v1/events", "?", "#" and "@"';

const ENDPOINT = /^(?!.*\/v1(\/events)?\/*$)((https?:)?\/\/[^\s\\/?#@]+(?=\/|$)|\.?(?=\/(?!\/)))[^\s\\?#]*$/i;

/**
 * Resolves an endpoint to the URL to which the names of the collector's routes are added, with a `/` at its end. A path belongs to the
 * page's origin, whatever the page's `<base>` says. In a frame without a URL of its own this is the origin of the page that created it.
 *
 * Returns `undefined` if the endpoint is invalid, or a path where the page has no origin. Requests add a path, and browsers reject
 * credentials: a query, a fragment and credentials are invalid.
 */
export const resolveEndpoint = (endpoint: unknown): string | undefined => {
  try {
    const pageOrigin = [location.origin, origin].find((each) => /^http/.test(each));
    if (ENDPOINT.test(endpoint as string)) return new URL(`${endpoint}`.replace(/\/*$/, "/"), pageOrigin).href;
  } catch {}
  return;
};

/**
 * Returns the base URL of the routes of a site's collector, with a `/` at its end.
 *
 * Warns and returns an empty text if the site's public key or the endpoint is invalid. The collector rejects every batch with a wrong
 * key, and a wrong endpoint would send the site's events elsewhere.
 */
export const collectorUrl = (key: string, endpoint: string): string => {
  const url = resolveEndpoint(endpoint);
  if (PUBLIC_KEY.test(key) && url) return `${url}v1/`;
  warn(
    `nothing is measured: expected key "tm_<site>_…" and as endpoint ${ENDPOINT_FORM}, got "${key}" and "${endpoint}"`,
  );
  return "";
};
