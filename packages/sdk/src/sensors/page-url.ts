/**
 * Origin, path and campaign parameters (`utm_*`) of a URL, with the parameters named in `keep`. Credentials, fragment and
 * all other parameters stay on the page: they may hold what is nobody's business.
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
