import type { View } from "@tidemark/schema";

const pathOf = (url: string): string => URL.parse(url)?.pathname.slice(0, 1000) ?? "";

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
