/**
 * Origin, path and campaign parameters (`utm_*`) of a URL, with the parameters named in `keep`. Credentials, fragment and
 * all other parameters stay on the page: they may hold what is nobody's business.
 */
export const cleanUrl = (href: string, keep: readonly string[] = []): string => {
  try {
    const { origin, pathname, searchParams } = new URL(href);
    const kept = [...searchParams].filter(([name]) => /^utm_/.test(name) || keep.includes(name));
    return `${origin}${pathname}?${new URLSearchParams(kept)}`.replace(/\?$/, "").slice(0, 2000);
  } catch {
    return "";
  }
};
