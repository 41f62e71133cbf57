import type { View } from "@tidemark/schema";

const pathOf = (url: string): string => URL.parse(url)?.pathname.slice(0, 1000) ?? "";

/** Finds the views of a batch by their ids, each with its path. Events that follow one another are mostly of the same one. */
export const viewsById = (views: View[]): ((id: string) => View | undefined) => {
  for (const view of views) view.path ??= pathOf(view.url);
  let latest = views[0];
  return (id) => {
    if (latest?.view_id !== id) latest = views.find(({ view_id }) => view_id === id);
    return latest;
  };
};
