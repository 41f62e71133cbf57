import { URL } from "../platform.ts";

/** Longest URL, in UTF-16 code units. */
const MAX_URL = 2_000;

/**
 * The text of a URL with its scheme, host, path and query: at most 2,000 characters, without credentials. The content
 * of a `data:` URL is left out.
 */
export const addressOf = (url: URL, fragment = ""): string => {
  url.username = url.password = "";
  const [address] = url.href.split(url.protocol === "data:" ? "," : /[?#]/);
  return (address + url.search + fragment).slice(0, MAX_URL);
};

/**
 * Cleans a URL: keeps its scheme, its host, its path, its campaign parameters (`utm_*`) and the parameters named in
 * `keep`. Credentials, fragment and all other parameters may be private and are removed. An invalid URL becomes empty.
 */
export const cleanUrl = (href: string, keep: readonly string[] = []): string => {
  // A page without a referrer is common, and an exception costs a page milliseconds, even one that is caught.
  if (!href) return "";
  try {
    const url = new URL(href);
    for (const name of [...url.searchParams.keys()])
      if (!/^utm_/.test(name) && !keep.includes(name)) url.searchParams.delete(name);
    return addressOf(url);
  } catch {
    return "";
  }
};
