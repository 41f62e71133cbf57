import type { View } from "@tidemark/schema";

/** Cache of the paths of URLs. A tab describes its page view with every batch, and visitors see the same pages. */
const paths = new Map<string, string>();

/** Maximum number of cached URLs, of at most 2,000 characters each. */
const MAX_PATHS = 256;

const pathOf = (url: string): string => {
  let path = paths.get(url);
  if (path === undefined) {
    path = URL.parse(url)?.pathname.slice(0, 1000) ?? "";
    if (paths.size === MAX_PATHS) paths.clear();
    paths.set(url, path);
  }
  return path;
};

// A separate function: within its only caller it would create a closure for each event.
const viewOf = (views: View[], id: string): View | undefined => views.find(({ view_id }) => view_id === id);

/**
 * Returns a look-up of a batch's views by id, each with its path. It is fast for successive events of the same page
 * view.
 */
export const viewsById = (views: View[]): ((id: string) => View | undefined) => {
  for (const view of views) view.path ??= pathOf(view.url);
  let latest = views[0];
  return (id) => {
    if (latest?.view_id !== id) latest = viewOf(views, id);
    return latest;
  };
};
