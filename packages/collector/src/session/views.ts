import type { View } from "@tidemark/schema";

/** Paths of URLs that came before: a tab describes its view with every batch, and visitors see the same pages. */
const paths = new Map<string, string>();

/** Most URLs that are remembered, of at most 2,000 characters each. */
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

// Apart from its only caller, which would otherwise make a closure for each event.
const viewOf = (views: View[], id: string): View | undefined => views.find(({ view_id }) => view_id === id);

/** Finds the views of a batch by their ids, each with its path. Events that follow one another are mostly of the same one. */
export const viewsById = (views: View[]): ((id: string) => View | undefined) => {
  for (const view of views) view.path ??= pathOf(view.url);
  let latest = views[0];
  return (id) => {
    if (latest?.view_id !== id) latest = viewOf(views, id);
    return latest;
  };
};
