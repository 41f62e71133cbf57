import { URL } from "../platform.ts";

/**
 * Cleans a URL: keeps its origin, its path, its campaign parameters (`utm_*`) and the parameters named in `keep`, at
 * most 2,000 characters. Credentials, fragment and all other parameters may be private and are removed. An invalid URL
 * becomes empty.
 */
export const cleanUrl = (href: string, keep: readonly string[] = []): string => {
  try {
    const url = new URL(href);
    for (const name of [...url.searchParams.keys()])
      if (!/^utm_/.test(name) && !keep.includes(name)) url.searchParams.delete(name);
    return (url.origin + url.pathname + url.search).slice(0, 2000);
  } catch {
    return "";
  }
};
