import { cut } from "../measures/bounds.ts";
import { Error, URL } from "../platform.ts";
import { warnOnce } from "../warn-once.ts";
import { addressOf } from "./page-url.ts";

/**
 * Defines the pages of a site: returns the URL of the page that a URL shows. URLs with the same result are one page. It
 * may change the given URL, which is a copy. The result is sent, with its query and fragment. The parameters `utm_*` of
 * the given URL are added to it, and credentials are removed.
 */
export type PageUrl = (url: URL) => URL | string;

/** Creates a definition of pages by path and the named query parameters. */
export const keepParameters =
  (...names: string[]): PageUrl =>
  (url) => {
    url.hash = "";
    for (const name of [...url.searchParams.keys()]) if (!names.includes(name)) url.searchParams.delete(name);
    url.searchParams.sort();
    return url;
  };

/** Defines pages by path alone: a change of the query or the fragment is no other page. */
export const pathOnly: PageUrl = /* @__PURE__ */ keepParameters();

/**
 * Defines pages by path and fragment, for routers that keep the route there: `/app#/shop`. The query is left out, and so
 * is the rest of a fragment from its first `?`, `&`, `=` or `#` on.
 */
export const hashRoutes: PageUrl = (url) => {
  url.search = "";
  url.hash = url.hash.slice(1).replace(/[?&=#].*/, "");
  return url;
};

/** Longest path, in UTF-16 code units. */
const MAX_PATH = 1_000;

/** The page that the browser shows. */
export interface Page {
  /** Identifies the page: another id is another page. */
  id: string;
  /** The fields of its page view that replace the URL of the document. Its path has the fragment, if the page has one. */
  fields: { url?: string; path?: string };
}

/** Applies a definition to a URL. @throws if the definition does, or returns no URL. */
const pageAt = (href: string, define: PageUrl): Page => {
  const given = define(new URL(href));
  if (!given) throw new Error("it returned no URL");
  const page = new URL(given, href);
  const { hash } = page;
  const id = addressOf(page, hash);
  for (const [name, value] of new URL(href).searchParams)
    if (/^utm_/.test(name) && !page.searchParams.has(name)) page.searchParams.append(name, value);
  return { id, fields: { url: addressOf(page, hash), ...(hash && { path: cut(page.pathname + hash, MAX_PATH) }) } };
};

/** Finds the current page. Without a definition, or where it fails, the URL without its fragment identifies the page. */
export const currentPage = (define: PageUrl | undefined): Page => {
  const { href } = location;
  try {
    if (define) return pageAt(href, define);
  } catch (error) {
    warnOnce("pageViews: `url` failed, so the default applies:", error);
  }
  return { id: href.split("#")[0] as string, fields: {} };
};
